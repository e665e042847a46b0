"""Runs `t2i-prep` as `python -m prep`."""

from prep.cli.main import main

main()
