"""The IDX files of MNIST, whole and damaged."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from idx_samples import COUNTS, idx, images, labels, write_idx

from prep.building.build import build_pairs
from prep.building.examples import Example
from prep.sources.mnist import Mnist
from t2i.errors import InputError
from t2i.pairs.reading import read, read_header

_MNIST = Path(__file__).parents[4] / "shared" / "data" / "mnist"


def _refusal(folder: Path) -> str:
    with pytest.raises(InputError) as raised:
        list(Mnist(folder))
    return str(raised.value)


@pytest.mark.parametrize("zipped", [True, False])
def test_digits_come_in_the_files_order(tmp_path: Path, zipped: bool) -> None:
    mnist = Mnist(write_idx(tmp_path, zipped))
    items = list(mnist)
    assert len(mnist) == len(items) == 28
    assert [item.split for item in items] == ["train"] * 24 + ["test"] * 4
    assert [item.class_id for item in items] == [*labels("train"), *labels("t10k")]
    third = items[2]
    assert (third.name, third.captions) == ("six/train_00002", ("a handwritten six",))
    np.testing.assert_array_equal(third.image, images("train")[2][..., None])
    np.testing.assert_array_equal(third.embeddings, np.eye(10)[[6]])
    assert items[24].name == "zero/t10k_00000"


def test_padding_is_black_on_every_side(tmp_path: Path) -> None:
    first: Example = next(iter(Mnist(write_idx(tmp_path), padding=2)))
    assert isinstance(first.image, np.ndarray)
    assert first.image.shape == (32, 32, 1)
    np.testing.assert_array_equal(first.image[2:-2, 2:-2, 0], images("train")[0])
    assert int(first.image.sum()) == int(images("train")[0].sum())


def test_names_with_dots_are_found_too(tmp_path: Path) -> None:
    for path in write_idx(tmp_path, zipped=False).iterdir():
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(Mnist(tmp_path)) == 28


def test_the_stamp_follows_the_labels(tmp_path: Path) -> None:
    before = Mnist(write_idx(tmp_path / "a")).encoder
    assert (before.kind, before.embedding_size) == ("imported: one-hot classes of MNIST", 10)
    assert Mnist(write_idx(tmp_path / "b", zipped=False)).encoder == before
    (tmp_path / "b/t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(4, np.uint8)))
    assert Mnist(tmp_path / "b").encoder.sha256 != before.sha256


def test_a_missing_file(tmp_path: Path) -> None:
    (write_idx(tmp_path) / "t10k-labels-idx1-ubyte.gz").unlink()
    assert _refusal(tmp_path) == (
        f"{tmp_path}: expected t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz, got neither; "
        "give the folder that MNIST was downloaded to"
    )


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("labels-idx1", idx(labels("train"))[:30], "expected 24 more bytes, got 22"),
        ("labels-idx1", b"", "expected 8 more bytes, got 0"),
        ("labels-idx1", idx(labels("train") + 1), "expected labels 0 to 9, got 10"),
        ("images-idx3", idx(images("train"))[:-1], "expected 784 more bytes, got 783"),
        (
            "images-idx3",
            idx(images("train")[:-1]),
            "expected 24 pictures, as many as labels, got 23",
        ),
        (
            "images-idx3",
            idx(labels("train"), 0x801) + bytes(20),
            "expected an IDX file of 3 dimensions, magic number 2051, got 2049",
        ),
        (
            "images-idx3",
            idx(np.zeros((24, 300, 0), np.uint8)),
            "expected 1 to 1000000 items of 1 to 256 pixels a side, got 24 x 300 x 0",
        ),
        (
            "labels-idx1",
            idx(np.zeros(0, np.uint8)),
            "expected 1 to 1000000 items of 1 to 256 pixels a side, got 0",
        ),
    ],
)
def test_a_damaged_file(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    path = write_idx(tmp_path, zipped=False) / f"train-{name}-ubyte"
    path.write_bytes(content)
    assert _refusal(tmp_path) == f"{path}: {fault}; download it again"


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda _: b"none of it", "Not a gzipped file (b'no')"),
        (
            lambda packed: packed[:-20],
            "Compressed file ended before the end-of-stream marker was reached",
        ),
        (lambda packed: packed[:10] + bytes(9) + packed[19:], "Error -3 while decompressing"),
    ],
)
def test_a_damaged_archive(tmp_path: Path, name: str, damage, reason: str) -> None:
    path = write_idx(tmp_path) / name
    path.write_bytes(damage(path.read_bytes()))
    assert _refusal(tmp_path).startswith(f"{path}: expected a file that can be read, got: {reason}")


def test_a_bomb_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    path = write_idx(tmp_path) / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx(labels("train")) + bytes(1 << 26)))
    assert len(Mnist(tmp_path)) == sum(COUNTS.values())


def test_a_pairs_file_of_digits(tmp_path: Path) -> None:
    mnist, out = Mnist(write_idx(tmp_path), padding=2), tmp_path / "digits.h5"
    build_pairs(mnist, out, 32, "MNIST", 1, channels=1, encoder=mnist.encoder)
    train = read(out, ["train"])
    np.testing.assert_array_equal(train.image[:, 2:-2, 2:-2, 0], images("train"))
    assert train.embedding is not None
    np.testing.assert_array_equal(train.embedding.argmax(axis=1), labels("train"))
    assert read_header(out).encoder == mnist.encoder


@pytest.mark.skipif(not _MNIST.is_dir(), reason=f"no MNIST at {_MNIST}")
def test_the_real_files() -> None:
    mnist = Mnist(_MNIST)
    assert len(mnist) == 70_000
    first = next(iter(mnist))
    assert first.captions == ("a handwritten five",)
    assert isinstance(first.image, np.ndarray)
    assert first.image.shape == (28, 28, 1)
    assert first.image.mean() == pytest.approx(35.108, abs=1e-3)
