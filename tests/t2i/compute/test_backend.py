"""Which kernels TensorFlow takes is our choice, the user's, or a run's; in a process of its own."""

import os
import subprocess
import sys

import pytest

PRINT = (
    "import t2i, os; from t2i.compute.backend import choose_kernels, chosen_kernels; "
    "first = chosen_kernels(); choose_kernels({recorded!r}); "
    "print(first, chosen_kernels(), os.environ['TF_ENABLE_ONEDNN_OPTS'])"
)


@pytest.mark.parametrize(
    ("users", "recorded", "expected"),
    [
        (None, None, "1 1 1"),
        (None, "0", "1 0 0"),
        (None, "", "1 1 1"),
        ("0", None, "0 0 0"),
        # A user who knows better is not overruled by a record.
        ("0", "1", "0 0 0"),
    ],
)
def test_the_user_comes_before_the_record_and_the_record_before_us(
    users: str | None, recorded: str | None, expected: str
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    if users is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = users
    command = [sys.executable, "-c", PRINT.format(recorded=recorded)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected.split()
