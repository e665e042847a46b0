"""The two releases of Reed et al.: for their ICML and for their CVPR paper of 2016.

In come their .t7 files and lists, beside the pictures; out come examples with their captions, and
with their embeddings where those are published. What both share is in `files`.
"""
