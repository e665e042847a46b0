"""Tar and zip archives: their entries, their limits, their unpacking.

In comes an archive that may come from anybody; out come its members, on disk, below one folder and
within a budget of bytes. What is no plain file or folder is refused.
"""
