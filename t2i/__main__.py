"""Runs `t2i` as `python -m t2i`."""

from t2i.cli.main import main

main()
