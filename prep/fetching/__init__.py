"""A published name to its checked files on this disk.

In comes the name of a data set; out come its files, downloaded from whichever mirror has them,
held against their hashes, unpacked. An interrupted download goes on where it stopped.
"""
