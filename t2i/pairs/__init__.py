"""The HDF5 contract: what a pairs file holds, how it is read, written, checked and told apart.

In come pictures, captions and embeddings, or a path; out comes a file, or its columns. What is in
one is said in `reading`, and what it must hold to be read at all in `structure`.
"""
