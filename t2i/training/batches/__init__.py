"""Rows of a pairs file to the batch of a step; every random draw is in `draw` and `order`.

In come a table of the pairs and the number of a step; out comes the batch, the same wherever the
table is held and however many replicas there are. Nothing here knows a network.
"""
