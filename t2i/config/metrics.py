"""The names of the metrics: of a configuration and a command line, whose help is there at once."""

# In the order of a report.
METRICS = (
    "fid",
    "fid64",
    "kid",
    "is",
    "manifold",
    "top1",
    "variety",
    "diversity",
    "copying",
    "r-precision",
    "zero-shot",
    "parzen",
)
