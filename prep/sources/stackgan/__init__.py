"""The layout that StackGAN and AttnGAN read: pickled indices beside the pictures.

In come its folders; out come examples with their captions and their published embeddings. The
captions of AttnGAN's own pickle take the place of text files where it is there.
"""
