"""Stock layers and the stock optimizer, computed faster.

In comes what the stock class of the same name takes; out comes the same, to rounding, from the
same weights. What is written to a file is stock: no class of this room is ever in one.
"""
