"""Copies that TensorFlow Datasets has prepared, read without it.

In comes the folder of a prepared copy; out come examples, in the order of their shards. Its
records are parsed here, checksums and all.
"""
