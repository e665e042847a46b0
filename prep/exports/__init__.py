"""Writers of what older code reads.

In comes a pairs file; out comes the layout of StackGAN and AttnGAN, or the HDF5 file of aelnouby.
What is exported is imported again as it was.
"""
