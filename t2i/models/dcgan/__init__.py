"""The text-conditional DCGAN of Reed et al.: configuration, networks, terms, step.

In come its configuration and what the data say; out comes a `Model`, and what paints. Its networks
are of stock layers, whichever kernels compute them while it trains.
"""
