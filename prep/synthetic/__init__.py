"""Birds that are drawn, their true captions, and the reader of their colours.

In comes a count and a seed; out comes a data set in the layout of CUB, of which everything is
known. The reader tells from a picture alone which colours its bird has.
"""
