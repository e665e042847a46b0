"""What `t2i-prep check` says of a file, and `embed` without an encoder."""

from pathlib import Path

import h5py
from click.testing import CliRunner

from prep.cli.main import main


def _last_line(*arguments: str) -> str:
    """Returns what a command that must fail says last."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1, result.output
    return result.output.splitlines()[-1]


def test_embedding_with_an_encoder_that_is_not_there(pairs_file: Path) -> None:
    assert _last_line("embed", str(pairs_file), "--encoder", "no.keras") == (
        "Error: "
        "no.keras: expected an encoder, got nothing there; make one with `t2i-prep train-encoder`"
    )


def test_check_says_what_a_good_file_holds(pairs_file: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(pairs_file)])
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [
        "pictures: 10 x 10 pixels, in colour",
        "train: 21 images, 63 captions (3.0 an image)",
        "val: 3 images, 9 captions (3.0 an image)",
        "test: 4 images, 12 captions (3.0 an image)",
        "classes in train: 3, 001.Kind, 002.Kind, 003.Kind",
        "classes in val: 1, 004.Kind",
        "classes in test: 1, 005.Kind",
        "classes in two splits: none",
        "encoder: char-cnn-gru, 6 numbers, SHA-256 "
        "8340769002f34ea857e8a6c1682d94f0b65db5e757aff0b361f33d8f73ec9914",
        "no faults",
    ]


def test_check_fails_and_names_every_fault(pairs_file: Path) -> None:
    with h5py.File(pairs_file, "r+") as file:
        file["test/class_id"][:] = 2
        file["train/embedding"][5] = float("nan")
        file["val/caption"][1] = " "
    assert _last_line("check", str(pairs_file)) == (
        f"Error: {pairs_file}: /train/embedding: expected finite numbers, got others in rows 5; "
        "/val/caption: expected words, got empty captions in rows 1; "
        "classes: expected none in both train and test, got 2; prepare it again"
    )
