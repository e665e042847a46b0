"""Networks that others have trained, as features of pictures.

In come their published weights, held against a hash, and pictures 0..255; out come maps, pooled
features and class scores, by stock Keras layers. Nothing here is trained, and nothing knows a
pairs file, a model or a metric.
"""
