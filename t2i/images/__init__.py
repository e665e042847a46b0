"""Pictures as numbers: the pixel range, sheets of pictures, windows cut out, augmentation.

In come pixels 0..255 or images in [-1, 1]; out come the other of the two, crops, augmented
images, and PNG and GIF files. Nothing here knows where a picture comes from.
"""
