"""What one command writes, every other reads: files of every kind, out and in again."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from prep.cli.main import main
from t2i.pairs.reading import EncoderStamp, read, read_header
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import writing

# By picture, below several folders, with numbers that are not the class's, and without a folder.
_BY_PICTURE = [("train", 1, "cat/1"), ("train", 2, "dog/2"), ("test", 1, "cat/3")]
_DEEP = [("train", 1, "train/cat/1"), ("train", 2, "train/dog/2"), ("val", 2, "val/dog/3")]
_NUMBERED = [("train", 1, "003.Owl/a"), ("train", 2, "007.Jay/b"), ("test", 3, "class_00009/c")]
_ALONE = [("train", 1, "a"), ("train", 2, "b"), ("test", 3, "c")]


def _run(*arguments: object) -> str:
    result = CliRunner(catch_exceptions=False).invoke(main, [str(part) for part in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def _write(path: Path, pictures: list[tuple[str, int, str]]) -> Path:
    stamp = EncoderStamp("0" * 64, "imported: a test", 3)
    with writing(path, 8, "a test", 3, stamp, "picture") as writer:
        for number, (split, class_id, name) in enumerate(pictures):
            image = np.full((8, 8, 3), number, np.uint8)
            table = np.full((2, 3), number, np.float32)
            writer.add(split, image, [f"{name} one", "two"], class_id, name, table)
    return path


@pytest.mark.parametrize("pictures", [_BY_PICTURE, _DEEP, _NUMBERED, _ALONE])
@pytest.mark.parametrize("kind", ["stackgan", "aelnouby"])
def test_what_is_exported_is_imported_and_passes(
    tmp_path: Path, kind: str, pictures: list[tuple[str, int, str]]
) -> None:
    pairs, again = _write(tmp_path / "a.h5", pictures), tmp_path / "again.h5"
    out = tmp_path / ("out" if kind == "stackgan" else "out.hdf5")
    _run("export", kind, pairs, out)
    more = ("--images", "8images.pickle", "--captions", out) if kind == "stackgan" else ()
    _run("import", kind, out, *more, "--image-size", 8, "--workers", 1, "--out", again)
    assert _run("check", again).endswith("no faults\n")
    shared = len({(class_id, split) for split, class_id, _ in pictures}) > len(
        {class_id for _, class_id, _ in pictures}
    )
    assert read_header(again).split_by == ("picture" if shared else "class")
    for split in SPLITS:
        if not read_header(pairs).images[split]:
            continue
        one, other = read(pairs, [split]), read(again, [split])
        order = np.argsort(other.image[:, 0, 0, 0])
        np.testing.assert_array_equal(one.image, other.image[order])
        np.testing.assert_array_equal(one.class_id, other.class_id[order])
        assert [one.captions_of(i) for i in range(len(order))] == [
            other.captions_of(i) for i in order
        ]


def test_classes_in_several_splits_are_refused_where_none_may_be(tmp_path: Path) -> None:
    pairs, out = _write(tmp_path / "a.h5", _BY_PICTURE), tmp_path / "out.hdf5"
    _run("export", "aelnouby", pairs, out)
    command = [
        "import",
        "aelnouby",
        str(out),
        "--split-by",
        "class",
        "--out",
        str(tmp_path / "b.h5"),
    ]
    result = CliRunner().invoke(main, [*command, "--workers", "1"])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        f"Error: {tmp_path}/b.h5: expected each class in one split, got 1 in several; "
        "take them so with --split-by picture"
    )
    assert not (tmp_path / "b.h5").exists()
