"""On what it runs, and by which arithmetic: kernels, devices, precision, replicas, versions.

In comes what the user, the configuration or a run's record asks for; out comes the choice, made
before TensorFlow is imported where it has to be. Nothing here knows a model or a pairs file.
"""
