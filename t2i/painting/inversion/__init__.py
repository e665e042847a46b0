"""A picture back to its latent: an encoder trained against a generator that stays as it is.

In come a painter and pictures, of its own or of anybody; out come the latents and embeddings that
paint them again. It knows a model by its contract alone.
"""
