"""How good the pictures of a run are: metrics, and the protocol behind every number."""

# By the names that a command line and a configuration give them, in the order of a report.
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
