"""Files that may come from anybody, to values: lists, MATLAB, HDF5, Torch7 and more.

In comes a path; out come plain values and arrays, or an InputError that names file and place. Every
reader is bounded, and none runs what it reads.
"""
