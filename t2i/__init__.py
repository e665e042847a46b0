"""Text-to-image GANs: from a pairs file to pictures of a sentence.

What programs and notebooks take is here, by names that stay; each is imported when it is asked for,
as TensorFlow is slow. `docs/library.md` shows them at work.
"""

import importlib
from typing import Any

from t2i.compute.backend import choose_kernels

__version__ = "0.2.0"

# Whoever imports anything of ours may import TensorFlow next.
choose_kernels()

# Where each name lives, and what it is called there.
_HOMES = {
    "InputError": ("t2i.errors", "InputError"),
    "dataset": ("t2i.training.dataset", "dataset"),
    "evaluate": ("t2i.evaluation.library", "evaluate"),
    "load": ("t2i.painting.loading", "load"),
    "read_pairs": ("t2i.pairs.reading", "read"),
    "shipped": ("t2i.runs.shipping", "shipped"),
    "train": ("t2i.training.library", "train"),
}

__all__ = ["InputError", "dataset", "evaluate", "load", "read_pairs", "shipped", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 't2i' has no attribute {name!r}")
    module, original = _HOMES[name]
    return getattr(importlib.import_module(module), original)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
