"""The commands of t2i-prep: words on a line to calls, errors to one line.

In come arguments; out come pairs files, encoders, and what is said on the way. What is slow to
import is imported inside a command, when its cheap checks are done.
"""
