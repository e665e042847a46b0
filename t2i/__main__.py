"""Runs `t2i` as `python -m t2i`."""

from t2i.cli import main

main()
