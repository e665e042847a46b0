import multiprocessing
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prep import build
from prep.build import Item, Summary, build_pairs, crop_and_resize, prepare
from prep.cub import Cub, Fault
from prep.examples import Example
from prep.splits import official_split, split_classes
from t2i.errors import InputError
from t2i.pairs import read, read_header

_CUB48 = Path(__file__).parents[3] / "shared" / "data" / "cub48"
_SPLIT_OF = {1: "train", 2: "test"}


def _saved(path: Path, picture: Image.Image, kind: str = "JPEG") -> Path:
    picture.save(path, kind)
    return path


def _example(path: Path, class_id: int = 1, box: build.Box | None = None) -> Example:
    return Example(f"Class/{path.stem}", path, ("one", "two", "three"), class_id, box)


def _plain(folder: Path, count: int) -> list[Item]:
    """Pictures of one grey each, told apart by it, alternately of two classes."""
    return [
        _example(_saved(folder / f"{i:03}.jpg", Image.new("RGB", (12, 9), (i * 4,) * 3)), 1 + i % 2)
        for i in range(count)
    ]


def _fault(path: Path, box: build.Box | None = None) -> str:
    (fault,) = prepare([_example(path, box=box)], 8)
    assert isinstance(fault, Fault)
    assert fault.name == f"Class/{path.stem}"
    return fault.reason


def _pixels(path: Path, size: int = 8) -> np.ndarray:
    (prepared,) = prepare([_example(path)], size)
    assert not isinstance(prepared, Fault)
    assert prepared[1].shape == (size, size, 3)
    assert prepared[1].dtype == np.uint8
    return prepared[1]


def _random(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _block_mean(pixels: np.ndarray, size: int) -> np.ndarray:
    height, width = pixels.shape[0] // size, pixels.shape[1] // size
    return pixels.reshape(size, height, size, width, 3).mean((1, 3))


# The crop.


def test_the_whole_picture_is_averaged_by_area() -> None:
    pixels = _random(24, 40)
    made = crop_and_resize(Image.fromarray(pixels), None, 8)
    assert made.shape == (8, 8, 3)
    np.testing.assert_allclose(made, _block_mean(pixels, 8), atol=1.01)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        # Side 1.5 x 16 = 24 around (30, 32): 18..42 across, 20..44 down.
        ((22, 27, 16, 10), (20, 44), (18, 42)),
        # The taller side counts: 24 around (30, 32).
        ((25, 24, 10, 16), (20, 44), (18, 42)),
        # 24 around (8, 32): clipped on the left to 0..20.
        ((0, 28, 16, 8), (20, 44), (0, 20)),
        # 24 around (52, 42): clipped at the right and the bottom.
        ((44, 38, 16, 8), (30, 50), (40, 60)),
        # 48 around (30, 25): 1..49 down, 6..54 across.
        ((14, 10, 32, 30), (1, 49), (6, 54)),
    ],
)
def test_the_crop_is_a_square_clipped_to_the_picture(
    box: build.Box, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    pixels = _random(50, 60)
    made = crop_and_resize(Image.fromarray(pixels), box, 4)
    expected = _block_mean(pixels[slice(*rows), slice(*columns)], 4)
    np.testing.assert_allclose(made, expected, atol=1.01)


def test_a_small_crop_is_enlarged_by_whole_pixels() -> None:
    pixels = _random(9, 9)
    made = crop_and_resize(Image.fromarray(pixels), (3, 3, 2, 2), 6)
    # 3 x 3 pixels around (4, 4), from 2.5 to 5.5: those whose centres lie nearest.
    assert {tuple(pixel) for row in made for pixel in row} <= {
        tuple(pixel) for row in pixels[2:6, 2:6] for pixel in row
    }


def test_a_box_may_reach_over_the_border(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.jpg", Image.new("RGB", (60, 50), "red"))
    assert isinstance(prepare([_example(path, box=(-20, 0, 50, 50))], 8)[0], tuple)


@pytest.mark.parametrize(
    ("box", "got"),
    [
        ((70, 10, 20, 20), "x 70, y 10, width 20, height 20"),
        ((-30, 10, 20.5, 20), "x -30, y 10, width 20.5, height 20"),
        ((10, 41, 20, 20), "x 10, y 41, width 20, height 20"),
        ((10, -50, 20, 20), "x 10, y -50, width 20, height 20"),
        ((10, 10, 0, 20), "x 10, y 10, width 0, height 20"),
        ((30, 30, 20, -1), "x 30, y 30, width 20, height -1"),
    ],
)
def test_a_box_outside_the_picture(tmp_path: Path, box: build.Box, got: str) -> None:
    path = _saved(tmp_path / "a.jpg", Image.new("RGB", (60, 50)))
    assert _fault(path, box) == f"expected a box inside the 60 x 50 picture, got {got}"


# Decoding.


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_every_kind_of_jpeg_becomes_rgb(tmp_path: Path, mode: str) -> None:
    colour = (90, 90, 90) if mode == "L" else (200, 30, 40)
    picture = Image.new("RGB", (16, 16), colour).convert(mode)
    pixels = _pixels(_saved(tmp_path / "a.jpg", picture))
    assert np.abs(pixels.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_png_in_disguise_becomes_rgb(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGB", (16, 16), "white").convert(mode)
    assert (_pixels(_saved(tmp_path / "a.jpg", picture, "PNG")) == 255).all()


def test_transparency_shows_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 8, 16))
    pixels = _pixels(_saved(tmp_path / "a.jpg", picture, "PNG"), 2)
    assert (pixels[:, 0] == (255, 0, 0)).all()
    assert (pixels[:, 1] == 255).all()


def test_a_truncated_jpeg(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.jpg", Image.fromarray(_random(64, 64)))
    path.write_bytes(path.read_bytes()[:-1000])
    assert _fault(path).startswith("expected a whole picture, got: image file is truncated")


def test_a_picture_of_another_kind(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.jpg", Image.new("RGB", (8, 8)), "GIF")
    assert _fault(path) == "expected a JPEG or PNG picture, got something else"


def test_no_picture(tmp_path: Path) -> None:
    assert _fault(tmp_path / "a.jpg") == "expected a picture, got no such file"


def _png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for tag, data in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    ):
        parts += [
            struct.pack(">I", len(data)),
            tag,
            data,
            struct.pack(">I", zlib.crc32(tag + data)),
        ]
    return b"".join(parts)


@pytest.mark.parametrize("size", [(10_000, 5_001), (13_000, 10_000)])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_png_of(*size))
    assert _fault(path) == f"expected at most 50000000 pixels, got {size[0]} x {size[1]}"


def test_a_bomb_too_big_for_pillow(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_png_of(60_000, 60_000))
    assert _fault(path).startswith("expected a whole picture, got: Image size (3600000000 pixels)")


def test_a_picture_file_has_a_bound(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.jpg", Image.new("RGB", (8, 8)))
    with path.open("r+b") as file:
        file.truncate((1 << 26) + 1)
    assert _fault(path) == "expected at most 67108864 bytes, got 67108865"


# The pairs file.


def test_the_pairs_file_holds_what_was_prepared(tmp_path: Path) -> None:
    out = tmp_path / "birds.h5"
    done: list[int] = []
    summary = build_pairs(
        _plain(tmp_path, 5), _SPLIT_OF, out, 8, "a test", workers=1, progress=done.append
    )
    assert summary == Summary(
        images={"train": 3, "val": 0, "test": 2},
        captions={"train": 9, "val": 0, "test": 6},
        bad=0,
        seconds=summary.seconds,
        report=None,
    )
    assert sum(done) == 5
    assert read_header(out).source == "a test"
    train = read(out, ["train"])
    assert train.name == ["Class/000", "Class/002", "Class/004"]
    assert train.image.shape == (3, 8, 8, 3)
    assert train.image[:, 0, 0, 0].tolist() == [0, 8, 16]
    assert train.captions_of(1) == ["one", "two", "three"]
    assert read(out, ["test"]).class_id.tolist() == [2, 2]


def test_the_file_is_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    items = _plain(tmp_path, 60)
    items.insert(17, Fault("Class/bad", "for a test"))
    made = []
    for workers in (1, 2):
        out = tmp_path / str(workers) / "birds.h5"
        build_pairs(items, _SPLIT_OF, out, 8, "a test", workers, skip_bad=True)
        made.append((out.read_bytes(), (out.parent / "birds.report.txt").read_text()))
    assert made[0] == made[1]
    assert read(tmp_path / "2/birds.h5", ["train", "test"]).name == [
        f"Class/{i:03}" for start in (0, 1) for i in range(start, 60, 2)
    ]


def test_few_pictures_wait_at_any_time(tmp_path: Path) -> None:
    (item,) = _plain(tmp_path, 1)
    taken, done = 0, 0

    def endless() -> Iterator[Item]:
        nonlocal taken
        for _ in range(400):
            taken += 1
            yield item

    ahead = 0

    def progress(count: int) -> None:
        nonlocal done, ahead
        done += count
        ahead = max(ahead, taken - done)

    build_pairs(endless(), _SPLIT_OF, tmp_path / "birds.h5", 8, "a test", 2, progress=progress)
    assert done == 400
    assert ahead <= 5 * 8


def _mixed(folder: Path) -> list[Item]:
    outside = _saved(folder / "outside.jpg", Image.new("RGB", (60, 50)))
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no picture")
    return [
        Fault("Class/mute", "expected captions in mute.txt, got no such file"),
        *_plain(folder, 3),
        _example(outside, box=(70, 10, 20, 20)),
        _example(broken),
        _example(folder / "missing.jpg"),
    ]


_REPORT = """\
Class/mute: expected captions in mute.txt, got no such file
Class/outside: expected a box inside the 60 x 50 picture, got x 70, y 10, width 20, height 20
Class/broken: expected a JPEG or PNG picture, got something else
Class/missing: expected a picture, got no such file
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_pictures_fail_the_build_and_are_all_reported(tmp_path: Path, workers: int) -> None:
    out, report = tmp_path / "birds.h5", tmp_path / "birds.report.txt"
    out.write_bytes(b"the old file")
    with pytest.raises(InputError) as raised:
        build_pairs(_mixed(tmp_path), _SPLIT_OF, out, 8, "a test", workers)
    assert str(raised.value) == (
        f"{out}: expected pictures that can all be used, got 4 that can't; "
        f"see {report}, or leave them out with --skip-bad"
    )
    assert report.read_text() == _REPORT
    assert out.read_bytes() == b"the old file"
    assert not list(tmp_path.glob(".*"))


def test_bad_pictures_are_left_out_when_asked(tmp_path: Path) -> None:
    out, report = tmp_path / "birds.h5", tmp_path / "birds.report.txt"
    summary = build_pairs(_mixed(tmp_path), _SPLIT_OF, out, 8, "a test", workers=1, skip_bad=True)
    assert (summary.bad, summary.report) == (4, report)
    assert report.read_text() == _REPORT
    assert read(out, ["train", "test"]).name == ["Class/000", "Class/002", "Class/001"]


def test_an_old_report_goes_when_nothing_is_bad(tmp_path: Path) -> None:
    report = tmp_path / "birds.report.txt"
    report.write_text("old news")
    build_pairs(_plain(tmp_path, 2), _SPLIT_OF, tmp_path / "birds.h5", 8, "a test", workers=1)
    assert not report.exists()


def test_nothing_to_train_on(tmp_path: Path) -> None:
    out = tmp_path / "birds.h5"
    with pytest.raises(InputError) as raised:
        build_pairs(_plain(tmp_path, 2), {1: "val", 2: "test"}, out, 8, "a test", workers=1)
    assert str(raised.value) == (
        f"{out}: expected pictures in the train split, got none; "
        "check the class lists against the pictures"
    )
    assert not out.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_build_leaves_the_old_file(tmp_path: Path, workers: int) -> None:
    out = tmp_path / "birds.h5"
    out.write_bytes(b"the old file")

    def interrupted() -> Iterator[Item]:
        yield from _plain(tmp_path, 40)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_pairs(interrupted(), _SPLIT_OF, out, 8, "a test", workers)
    assert out.read_bytes() == b"the old file"
    assert not list(tmp_path.glob(".*"))


def test_a_killed_worker_is_a_clean_error(tmp_path: Path) -> None:
    out = tmp_path / "birds.h5"

    def deadly() -> Iterator[Item]:
        pictures = _plain(tmp_path, 48)
        yield from pictures[:24]
        while not multiprocessing.active_children():
            time.sleep(0.01)
        for child in multiprocessing.active_children():
            child.kill()
        yield from pictures[24:]

    with pytest.raises(InputError) as raised:
        build_pairs(deadly(), _SPLIT_OF, out, 8, "a test", workers=2)
    assert str(raised.value) == (
        "workers: expected each to live to the end, got one killed, perhaps for want of "
        "memory; try fewer --workers"
    )
    assert not out.exists()


def test_workers_import_nothing_heavy() -> None:
    heavy = {"tensorflow", "keras", "click", "pydantic"}
    script = f"import sys, prep.build; print(sorted({heavy} & {{*sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")


# The real thing.


@pytest.mark.skipif(not _CUB48.is_dir(), reason=f"no CUB subset at {_CUB48}")
def test_two_real_classes(tmp_path: Path) -> None:
    cub = Cub(_CUB48, _CUB48, use_box=True)
    split_of = split_classes(cub.classes, official_split())
    # 3 has captions with U+FFFD, 9 a greyscale picture.
    items = [item for item in cub if isinstance(item, Example) and item.class_id in (3, 9)]
    summary = build_pairs(items, split_of, tmp_path / "birds.h5", 76, "CUB", workers=1)
    assert summary.images == {"train": 58, "val": 0, "test": 59}
    assert summary.captions == {"train": 580, "val": 0, "test": 590}
    pairs = read(tmp_path / "birds.h5", ["train", "test"])
    grey = pairs.image[pairs.name.index("009.Brewer_Blackbird/Brewer_Blackbird_0028_2682")]
    assert (grey == grey[..., :1]).all()
    assert grey.std() > 20
    assert any("\N{REPLACEMENT CHARACTER}" in caption for caption in pairs.caption)
