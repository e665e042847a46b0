"""Which kernels TensorFlow takes is our choice, the user's, or a run's; in a process of its own."""

import os
import subprocess
import sys

import pytest

from t2i.compute import backend

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


def test_tensorflow_is_imported_without_a_word() -> None:
    script = "from t2i.compute.backend import require_tensorflow as r; r(); print('done')"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_what_was_held_back_is_shown_where_an_import_fails(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fails() -> None:
        with backend._held_back():
            os.write(2, b"no such kernel")
            raise ImportError

    with pytest.raises(ImportError):
        fails()
    assert capfd.readouterr().err == "no such kernel"
    with backend._held_back():
        os.write(2, b"taking some kernels")
    assert capfd.readouterr().err == ""
