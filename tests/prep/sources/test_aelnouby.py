"""aelnouby's HDF5 files: every caption with its picture, and nothing from outside."""

from collections.abc import Callable
from pathlib import Path

import aelnouby_samples as samples
import h5py
import numpy as np
import pytest

from prep.building.examples import Example, Fault
from prep.sources.aelnouby import Aelnouby
from t2i.errors import InputError
from t2i.files.disk import sha256

_FIRST = "train/Jay_1_0"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return samples.write_file(tmp_path / "birds.hdf5")


def _refusal(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        Aelnouby(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert str(raised.value).endswith("; give a birds.hdf5 or flowers.hdf5")
    said = str(raised.value).removeprefix(f"{path}: ")
    return said.removesuffix("; give a birds.hdf5 or flowers.hdf5")


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4"])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_captions_are_gathered_by_picture(tmp_path: Path, dtype: str, libver: str) -> None:
    source = Aelnouby(samples.write_file(tmp_path / "birds.hdf5", dtype, libver=libver))
    items = {item.name: item for item in source}
    assert len(source) == len(items) == 4
    assert list(items) == ["002.Jay/Jay_1", "001.Ani/Jay_1_0", "004.Wren/Wren_5", "003.Owl/Owl_7"]
    splits = {"train": "train", "valid": "val", "test": "test"}
    for shade, (split, folder, name, captions) in enumerate(samples.PICTURES):
        item = items[f"{folder}/{name}"]
        assert isinstance(item, Example)
        assert item.image == samples.jpeg(shade)
        assert item.captions == tuple(captions)
        assert (item.split, item.class_id) == (splits[split], int(folder[:3]))
        expected = samples.embeddings(shade, len(captions)).astype(np.float32)
        np.testing.assert_array_equal(item.embeddings, expected, strict=True)


def test_captions_come_in_the_order_of_their_numbers(stored: Path) -> None:
    with h5py.File(stored, "a") as file:
        for number in range(11):
            del file[f"test/Owl_7_{number}/txt"]
            file[f"test/Owl_7_{number}/txt"] = f"owl {number}\n"
    *_, last = Aelnouby(stored)
    assert isinstance(last, Example)
    assert last.captions == tuple(f"owl {number}" for number in range(11))


def test_the_stamp_says_where_embeddings_came_from(stored: Path) -> None:
    stamp = Aelnouby(stored).encoder
    assert stamp.kind == "imported: aelnouby birds.hdf5"
    assert (stamp.sha256, stamp.embedding_size) == (sha256(stored), samples.SIZE)


def test_text_of_fixed_length_will_do(stored: Path) -> None:
    with h5py.File(stored, "a") as file:
        for name in ("name", "class", "txt"):
            value = file[_FIRST][name][()]
            del file[_FIRST][name]
            file[_FIRST][name] = np.bytes_(value)
    first = next(iter(Aelnouby(stored)))
    assert isinstance(first, Example)
    assert first.captions[0] == "a jay"


def test_repeated_pictures_are_read_once(stored: Path) -> None:
    with h5py.File(stored, "a") as file:
        for number in (1, 2):
            del file[f"train/Jay_1_{number}/img"]
    first = next(iter(Aelnouby(stored)))
    assert isinstance(first, Example)
    assert first.image == samples.jpeg(0)


def _outside(path: Path) -> Path:
    other = path.with_name("other.hdf5")
    samples.write_file(other)
    return other


def _soft(file: h5py.File, _: Path) -> None:
    file[f"{_FIRST}/img"] = h5py.SoftLink("/train/Jay_1_1/img")


def _external(file: h5py.File, path: Path) -> None:
    file[f"{_FIRST}/img"] = h5py.ExternalLink(_outside(path), f"{_FIRST}/img")


def _virtual(file: h5py.File, path: Path) -> None:
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource(_outside(path), f"{_FIRST}/embeddings", (3,))
    del file[f"{_FIRST}/embeddings"]
    file[_FIRST].create_virtual_dataset("embeddings", layout)
    file[f"{_FIRST}/img"] = np.void(b"picture")


def _raw(file: h5py.File, path: Path) -> None:
    secret = path.with_name("secret")
    secret.write_bytes(bytes(12))
    del file[f"{_FIRST}/embeddings"]
    file[_FIRST].create_dataset("embeddings", (3,), "f4", external=[(secret, 0, 12)])
    file[f"{_FIRST}/img"] = np.void(b"picture")


@pytest.mark.parametrize(
    ("led_out", "reason"),
    [
        (_soft, "expected /train/Jay_1_0/img itself, got a link"),
        (_external, "expected /train/Jay_1_0/img itself, got a link"),
    ],
)
def test_what_leads_out_of_the_file_is_a_fault(
    stored: Path, led_out: Callable[[h5py.File, Path], None], reason: str
) -> None:
    with h5py.File(stored, "a") as file:
        del file[f"{_FIRST}/img"]
        led_out(file, stored)
    first, second, *_ = Aelnouby(stored)
    assert first == Fault("Jay_1", reason)
    assert isinstance(second, Example)


@pytest.mark.parametrize("led_out", [_virtual, _raw])
def test_numbers_from_another_file_are_refused(
    stored: Path, led_out: Callable[[h5py.File, Path], None]
) -> None:
    with h5py.File(stored, "a") as file:
        del file[f"{_FIRST}/img"]
        led_out(file, stored)
    assert _refusal(stored) == (
        "expected /train/Jay_1_0/embeddings in this file, got it in another"
    )


@pytest.mark.parametrize("link", [h5py.SoftLink("/test"), h5py.ExternalLink("/dev/zero", "/")])
def test_a_split_that_is_a_link_is_refused(stored: Path, link: object) -> None:
    with h5py.File(stored, "a") as file:
        del file["train"]
        file["train"] = link
    assert _refusal(stored) == "expected /train itself, got a link"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("name", "Jay_2", "expected the name 'Jay_1' in /train/Jay_1_1, got 'Jay_2'"),
        ("name", None, "expected /train/Jay_1_1/name, got nothing"),
        ("name", 3.5, "expected text in /train/Jay_1_1/name, got something else"),
        ("name", ["Jay_1"], "expected one value in /train/Jay_1_1/name, got shape (1,)"),
        ("txt", " \n", "expected a caption and 3 numbers in each group, got others"),
        ("txt", "a" * 70_000, "expected at most 65536 bytes of text in /train/Jay_1_1/txt"),
        ("embeddings", np.ones(4), "expected a caption and 3 numbers in each group, got others"),
        ("embeddings", np.ones(3, "i4"),
         "expected floating-point numbers in /train/Jay_1_1/embeddings, got others"),
        ("embeddings", np.ones((3, 1)),
         "expected numbers in /train/Jay_1_1/embeddings, got shape (3, 1)"),
        ("embeddings", np.array([0.0, np.inf, 0.0]),
         "expected finite numbers in /train/Jay_1_1/embeddings, got others"),
        ("embeddings", np.full(3, 1e300),
         "expected finite numbers in /train/Jay_1_1/embeddings, got others"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_written_is_a_fault(
    stored: Path, name: str, value: object, reason: str
) -> None:
    with h5py.File(stored, "a") as file:
        del file[f"train/Jay_1_1/{name}"]
        if value is not None:
            file[f"train/Jay_1_1/{name}"] = value
    first, second, *_ = Aelnouby(stored)
    assert first == Fault("Jay_1", reason)
    assert isinstance(second, Example)


@pytest.mark.parametrize("folder", ["Jay", "../Jay", "2/Jay", ""])
def test_a_class_needs_a_number(stored: Path, folder: str) -> None:
    with h5py.File(stored, "a") as file:
        del file[f"{_FIRST}/class"]
        file[f"{_FIRST}/class"] = folder
    first = next(iter(Aelnouby(stored)))
    assert first == Fault(
        "Jay_1", f"expected a class such as '001.Black_footed_Albatross', got {folder!r}"
    )


def test_a_picture_of_another_kind_is_a_fault(stored: Path) -> None:
    with h5py.File(stored, "a") as file:
        del file[f"{_FIRST}/img"]
        file[f"{_FIRST}/img"] = np.zeros((), [("a", "f4")])
    assert next(iter(Aelnouby(stored))) == Fault(
        "Jay_1", "expected at most 67108864 opaque bytes in /train/Jay_1_0/img, got others"
    )


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "birds.hdf5"
    assert _refusal(path) == "expected an HDF5 file, got no such file"
    path.write_bytes(b"no HDF5")
    assert _refusal(path) == "expected an HDF5 file, got one that HDF5 can't open"
    with h5py.File(path, "w") as file:
        file.create_group("train")
    assert _refusal(path) == "expected pictures in /train, /valid or /test, got none"
    with h5py.File(path, "a") as file:
        file.create_group("train/image")
    assert _refusal(path) == "expected groups `<picture>_<number>` in /train, got 'image'"
