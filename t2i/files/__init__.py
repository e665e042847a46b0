"""Bytes on disk: written whole or not at all, and read so that nobody's file can do harm.

In come paths, and what is to be written; out come arrays, weights of networks and hashes, or an
InputError that says what is wrong with a file. Nothing here knows a pairs file or a run.
"""
