"""One reader for each kind of source; a source of several files is a folder.

In come the folders and files as they are published; out come captioned pictures, examples or
faults, in a stable order. No reader knows how a pairs file is made.
"""
