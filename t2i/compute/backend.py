"""TensorFlow's kernels, chosen by us before it is imported, and in this one place.

TensorFlow turns oneDNN's kernels on by the processor: on those without AVX-512 VNNI they are off,
where a step of training takes nearly twice as long. They are on here unless the user's
environment, or the record of a run that began with others, says otherwise: another choice rounds
otherwise.
"""

import os

KERNELS = "TF_ENABLE_ONEDNN_OPTS"
_CHOSEN = "1"
_USERS = os.environ.get(KERNELS)


def choose_kernels(recorded: str | None = None) -> str:
    """Sets which kernels TensorFlow takes when it is imported; returns the choice.

    Args:
        recorded: the choice that a run began with.
    """
    choice = _USERS or recorded or _CHOSEN
    os.environ[KERNELS] = choice
    return choice


def chosen_kernels() -> str:
    """Returns the choice that holds."""
    return os.environ[KERNELS]
