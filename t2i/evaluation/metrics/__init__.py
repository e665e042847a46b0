"""Formulas on rows of features, each number with its interval.

In come features, embeddings or scores, a row a picture; out comes an `Estimate`. Nothing here
knows a run, a pairs file or a network.
"""
