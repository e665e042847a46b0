"""Pickles, read without running them, and written as Python 2 did.

In come bytes; out come plain values and arrays, or an InputError that says what was got in place of
what. Nothing that a pickle names is ever imported.
"""
