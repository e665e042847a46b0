"""Captioned pictures to a pairs file: the example, the square of pixels, splits, the workers.

In come examples of whatever source, in a stable order; out comes a pairs file, the same bytes each
time, and a report of what was left out. It is the only maker of pairs files.
"""
