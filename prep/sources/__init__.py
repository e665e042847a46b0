"""Readers: one for each kind of source, each yielding captioned pictures in a stable order."""
