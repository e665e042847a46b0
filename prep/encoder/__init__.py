"""A pairs file to a trained text encoder, and embeddings in the pairs file.

In come pairs and a configuration; out come the two sides of a joint embedding, or the pairs file
with its captions embedded. An interrupted training goes on where it stopped.
"""
