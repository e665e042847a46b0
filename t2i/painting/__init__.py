"""A run and sentences to pictures, and the ways between two of them.

In come a run directory, sentences and a seed; out come pixels. A training's pairs file is opened
only where the run has no encoder.
"""
