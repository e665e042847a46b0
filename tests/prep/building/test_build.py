"""Pictures and captions to a pairs file, with any number of workers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from picture_samples import example, plain, saved
from PIL import Image

from prep.building.build import Summary, build_pairs
from prep.building.examples import ENLARGED, Example, Fault, Note
from prep.building.pictures import Item
from prep.building.splits import official_split
from prep.sources.cub import Cub
from t2i.errors import InputError
from t2i.pairs.reading import EncoderStamp, read, read_header

_CUB48 = Path(__file__).parents[4] / "shared" / "data" / "cub48"


def test_the_pairs_file_holds_what_was_prepared(tmp_path: Path) -> None:
    out = tmp_path / "birds.h5"
    told: list[tuple[str, int, int | None]] = []
    items = plain(tmp_path, 5)
    summary = build_pairs(
        items, out, 8, "a test", workers=1, progress=lambda *call: told.append(call)
    )
    assert summary == Summary(
        images={"train": 3, "val": 0, "test": 2},
        captions={"train": 9, "val": 0, "test": 6},
        bad=0,
        seconds=summary.seconds,
        report=None,
    )
    assert told == [("preparing", number, 5) for number in range(1, 6)]
    assert read_header(out).source == "a test"
    train = read(out, ["train"])
    assert train.name == ["Class/000", "Class/002", "Class/004"]
    assert train.image.shape == (3, 8, 8, 3)
    assert train.image[:, 0, 0, 0].tolist() == [0, 8, 16]
    assert train.captions_of(1) == ["one", "two", "three"]
    assert read(out, ["test"]).class_id.tolist() == [2, 2]


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_in_memory_with_their_embeddings(tmp_path: Path, workers: int) -> None:
    out = tmp_path / "digits.h5"
    encoder = EncoderStamp("0" * 64, "imported: a test", 4)
    items = [
        Example(
            str(i),
            np.full((6, 6, 1), i, np.uint8),
            ("a digit", "a number"),
            class_id=i,
            split="val" if i % 3 else "train",
            embeddings=np.full((2, 4), i, np.float32),
        )
        for i in range(20)
    ]
    build_pairs(items, out, 8, "a test", workers, channels=1, encoder=encoder)
    pairs = read(out, ["val"])
    expected = [i for i in range(20) if i % 3]
    assert pairs.image.shape == (13, 8, 8, 1)
    assert pairs.image[:, 3, 3, 0].tolist() == expected
    assert pairs.embedding is not None
    assert pairs.embedding[::2, 0].tolist() == expected
    assert read_header(out).encoder == encoder


def test_the_file_is_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    items = plain(tmp_path, 60)
    items.insert(17, Fault("Class/bad", "for a test"))
    made = []
    for workers in (1, 2):
        out = tmp_path / str(workers) / "birds.h5"
        build_pairs(items, out, 8, "a test", workers, skip_bad=True)
        made.append((out.read_bytes(), (out.parent / "birds.report.txt").read_text()))
    assert made[0] == made[1]
    assert read(tmp_path / "2/birds.h5", ["train", "test"]).name == [
        f"Class/{i:03}" for start in (0, 1) for i in range(start, 60, 2)
    ]


def test_few_pictures_wait_at_any_time(tmp_path: Path) -> None:
    (item,) = plain(tmp_path, 1)
    taken, done = 0, 0

    def endless() -> Iterator[Item]:
        nonlocal taken
        for _ in range(400):
            taken += 1
            yield item

    ahead = 0

    def progress(_: str, so_far: int, total: int | None) -> None:
        nonlocal done, ahead
        assert total is None
        done = so_far
        ahead = max(ahead, taken - done)

    build_pairs(endless(), tmp_path / "birds.h5", 8, "a test", 2, progress=progress)
    assert done == 400
    assert ahead <= 5 * 8


def _mixed(folder: Path) -> list[Item]:
    outside = saved(folder / "outside.jpg", Image.new("RGB", (60, 50)))
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no picture")
    return [
        Fault("Class/mute", "expected captions in mute.txt, got no such file"),
        *plain(folder, 3),
        example(outside, box=(70, 10, 20, 20)),
        example(broken),
        example(folder / "missing.jpg"),
    ]


_REPORT = """\
Class/mute: expected captions in mute.txt, got no such file
Class/outside: expected a box inside the 60 x 50 picture, got x 70, y 10, width 20, height 20
Class/broken: expected a picture in JPEG, PNG, WebP, GIF, BMP, TIFF or PPM, got something else
Class/missing: expected a picture, got no such file
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_pictures_fail_the_build_and_are_all_reported(tmp_path: Path, workers: int) -> None:
    out, report = tmp_path / "birds.h5", tmp_path / "birds.report.txt"
    out.write_bytes(b"the old file")
    with pytest.raises(InputError) as raised:
        build_pairs(_mixed(tmp_path), out, 8, "a test", workers)
    assert str(raised.value) == (
        f"{out}: expected pictures that can all be used, got 4 that can't; "
        f"see {report}, or leave them out with --skip-bad"
    )
    assert report.read_text() == _REPORT
    assert out.read_bytes() == b"the old file"
    assert not list(tmp_path.glob(".*"))


def test_bad_pictures_are_left_out_when_asked(tmp_path: Path) -> None:
    out, report = tmp_path / "birds.h5", tmp_path / "birds.report.txt"
    summary = build_pairs(_mixed(tmp_path), out, 8, "a test", workers=1, skip_bad=True)
    assert (summary.bad, summary.report) == (4, report)
    assert report.read_text() == _REPORT
    assert read(out, ["train", "test"]).name == ["Class/000", "Class/002", "Class/001"]


def test_an_old_report_goes_when_nothing_is_bad(tmp_path: Path) -> None:
    report = tmp_path / "birds.report.txt"
    report.write_text("Class/000: expected a picture, got no such file\n")
    build_pairs(plain(tmp_path, 2), tmp_path / "birds.h5", 8, "a test", workers=1)
    assert not report.exists()


def test_nothing_to_train_on(tmp_path: Path) -> None:
    out = tmp_path / "birds.h5"
    with pytest.raises(InputError) as raised:
        build_pairs(plain(tmp_path, 2)[1:], out, 8, "a test", workers=1)
    assert str(raised.value) == (
        f"{out}: expected pictures in the train split, got none; give a split that fills it"
    )
    assert not out.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_build_leaves_the_old_file(tmp_path: Path, workers: int) -> None:
    out = tmp_path / "birds.h5"
    out.write_bytes(b"the old file")

    def interrupted() -> Iterator[Item]:
        yield from plain(tmp_path, 40)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_pairs(interrupted(), out, 8, "a test", workers)
    assert out.read_bytes() == b"the old file"
    assert not list(tmp_path.glob(".*"))


def test_pictures_that_were_enlarged_are_counted_and_named(tmp_path: Path) -> None:
    saved(tmp_path / "tiny.png", Image.new("RGB", (1, 1)))
    items = [*plain(tmp_path, 2), example(tmp_path / "tiny.png")]
    summary = build_pairs(items, tmp_path / "birds.h5", 8, "a test", workers=1)
    line = "expected 4 x 4 pixels or more, got 1 x 1, enlarged"
    assert summary.notes == {ENLARGED: [Note("Class/tiny", line, ENLARGED)]}
    assert summary.report.read_text() == f"Class/tiny: {line}\n"


# The real thing.


@pytest.mark.skipif(not _CUB48.is_dir(), reason=f"no CUB subset at {_CUB48}")
def test_two_real_classes(tmp_path: Path) -> None:
    cub = Cub(_CUB48, _CUB48, use_box=True, split_of=official_split())
    # 3 has captions with U+FFFD, 9 a greyscale picture.
    items = [item for item in cub if isinstance(item, Example) and item.class_id in (3, 9)]
    summary = build_pairs(items, tmp_path / "birds.h5", 76, "CUB", workers=1)
    assert summary.images == {"train": 58, "val": 0, "test": 59}
    assert summary.captions == {"train": 580, "val": 0, "test": 590}
    pairs = read(tmp_path / "birds.h5", ["train", "test"])
    grey = pairs.image[pairs.name.index("009.Brewer_Blackbird/Brewer_Blackbird_0028_2682")]
    assert (grey == grey[..., :1]).all()
    assert grey.std() > 20
    assert any("\N{REPLACEMENT CHARACTER}" in caption for caption in pairs.caption)
