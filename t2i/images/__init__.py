"""Pictures as numbers: the pixel range, files that may come from anybody, sheets, augmentation.

In come picture files, pixels 0..255 or images in [-1, 1]; out come squares of pixels, crops,
augmented images, and PNG and GIF files. Nothing here knows where a picture comes from.
"""
