"""Sentences and pictures to embeddings: tokenizers, both sides of the joint embedding, files.

In come sentences, pictures, or an encoder's file; out come embeddings. Where a run has no encoder,
`lookup` finds the embedding of a sentence in the pairs file.
"""
