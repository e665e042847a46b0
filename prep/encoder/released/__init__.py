"""The encoders that Reed and others released for Torch, to ours.

In comes a .t7 file; out comes a text encoder with its weights. What the file describes is checked
against the network that ours builds.
"""
