"""Text-to-image GANs: from a pairs file to pictures of a sentence."""

from t2i.compute.backend import choose_kernels

__version__ = "0.2.0"

# Whoever imports anything of ours may import TensorFlow next.
choose_kernels()
