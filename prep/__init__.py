"""Makes pairs files out of pictures and captions."""
