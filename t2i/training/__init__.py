"""A configuration and a pairs file to a run: planned in `plan`, built by `trainer`, run by `loop`.

In come a configuration, a pairs file and a run directory; out comes the directory, filled with
checkpoints, curves and painted grids. It knows a model by its contract alone.
"""
