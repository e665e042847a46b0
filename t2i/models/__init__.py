"""What a model is, which there are, and a folder for each.

In come a checked configuration and what the data say; out comes what the trainer trains and a
network that paints. The rest of the house knows a model by `contract` alone.
"""
