"""A GAN whose discriminator looks through a frozen network, and whose latents are geometry.

In come batches of pictures, two of a class side by side, and embedded sentences. Out come
updated weights, and a generator that paints a sentence in as many poses as pictures have.
"""
