"""Text-conditional DCGANs: from a pairs file to pictures of a sentence."""

__version__ = "0.1.0"
