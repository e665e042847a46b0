import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import t2i
from t2i import pairs
from t2i.errors import InputError
from t2i.pairs import EncoderStamp, Header, read, read_encoder, read_header
from t2i.pairs_checking import check
from t2i.pairs_writing import write_embeddings, writing

_SIZE = 4
_WIDTH = 3
_ENCODER = b"an encoder"
# (split, captions, class) of each picture, in the order written.
_PICTURES = (
    ("train", ["a red bird", "rød fugl"], 1),
    ("test", ["a b\N{REPLACEMENT CHARACTER}d"], 4),
    ("train", ["a blue bird", "it is blue", "blue"], 2),
    ("val", ["a green bird"], 3),
    ("train", ["another red bird"], 1),
)
_CAPTIONS = {"train": 6, "val": 1, "test": 1}


def _image(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (_SIZE, _SIZE, 3), dtype=np.uint8)


def _table(split: str, rows: int | None = None) -> np.ndarray:
    rows = _CAPTIONS[split] if rows is None else rows
    seed = pairs.SPLITS.index(split)
    return np.random.default_rng(seed).normal(size=(rows, _WIDTH)).astype(np.float32)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A pairs file without embeddings."""
    path = tmp_path / "birds.h5"
    with writing(path, _SIZE, "a test") as writer:
        for number, (split, captions, class_id) in enumerate(_PICTURES):
            writer.add(split, _image(number), captions, class_id, f"bird {number}")
    return path


@pytest.fixture
def embedded(bare: Path) -> Path:
    blocks = {split: [_table(split)[:4], _table(split)[4:]] for split in pairs.SPLITS}
    write_embeddings(bare, blocks, _ENCODER, "char-cnn-gru", _WIDTH)
    return bare


def _message(call: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as raised:
        call()
    return str(raised.value)


def _faults(path: Path) -> str:
    """What every reader says of a misshaped file, without the place and the advice."""
    message = _message(lambda: read_header(path))
    for other in (
        lambda: read(path, ["train"]),
        lambda: read_encoder(path),
        lambda: check(path),
    ):
        assert _message(other) == message
    assert message.startswith(f"{path}: ")
    assert message.endswith("; prepare it again")
    return message.removeprefix(f"{path}: ").removesuffix("; prepare it again")


def _replace(path: Path, name: str, **dataset: Any) -> None:
    with h5py.File(path, "a") as file:
        del file[name]
        if dataset:
            file.create_dataset(name, **dataset)


# Written and read.


def test_a_split_reads_as_it_was_written(bare: Path) -> None:
    train = read(bare, ["train"])
    np.testing.assert_array_equal(train.image, np.stack([_image(0), _image(2), _image(4)]))
    assert train.caption == [
        "a red bird",
        "rød fugl",
        "a blue bird",
        "it is blue",
        "blue",
        "another red bird",
    ]
    assert train.caption_offset.tolist() == [0, 2, 5, 6]
    assert train.class_id.tolist() == [1, 2, 1]
    assert train.name == ["bird 0", "bird 2", "bird 4"]
    assert train.embedding is None
    assert (train.image.dtype, train.caption_offset.dtype, train.class_id.dtype) == (
        np.uint8,
        np.int64,
        np.int32,
    )


def test_splits_join(embedded: Path) -> None:
    joined = read(embedded, ["train", "val", "test"])
    assert joined.name == ["bird 0", "bird 2", "bird 4", "bird 3", "bird 1"]
    assert joined.class_id.tolist() == [1, 2, 1, 3, 4]
    assert joined.caption_offset.tolist() == [0, 2, 5, 6, 7, 8]
    assert [joined.captions_of(i) for i in range(5)] == [_PICTURES[i][1] for i in (0, 2, 4, 3, 1)]
    assert joined.embedding is not None
    assert joined.embedding.dtype == np.float32
    np.testing.assert_array_equal(
        joined.embedding, np.concatenate([_table(split) for split in pairs.SPLITS])
    )


def test_pictures_may_stay_out(embedded: Path) -> None:
    without = read(embedded, ["train"], images=False)
    assert without.image.shape == (3, 0, 0, 3)
    assert len(without.name) == 3


def test_the_header(embedded: Path) -> None:
    digest = hashlib.sha256(_ENCODER).hexdigest()
    assert read_header(embedded) == Header(
        image_size=_SIZE,
        source="a test",
        created_with=f"t2i {t2i.__version__}",
        encoder=EncoderStamp(digest, "char-cnn-gru", _WIDTH),
        images={"train": 3, "val": 1, "test": 1},
        captions=_CAPTIONS,
    )
    assert read_encoder(embedded) == _ENCODER
    assert check(embedded) == (read_header(embedded), [])


def test_a_file_without_embeddings_is_whole_too(bare: Path) -> None:
    header, faults = check(bare)
    assert (header.encoder, faults) == (None, [])
    assert _message(lambda: read_encoder(bare)) == (
        f"{bare}: expected embedded captions, got none; "
        f"run `t2i-prep embed {bare} --encoder ENCODER`"
    )


def test_more_pictures_than_a_block_holds(tmp_path: Path) -> None:
    path = tmp_path / "many.h5"
    with writing(path, _SIZE, "a test") as writer:
        for number in range(150):
            captions = [f"{number}.{c}" for c in range(1 + number % 3)]
            writer.add("train", _image(number), captions, 7, str(number))
    many = read(path, ["train"])
    np.testing.assert_array_equal(many.image, np.stack([_image(i) for i in range(150)]))
    assert many.name == [str(number) for number in range(150)]
    assert many.captions_of(149) == ["149.0", "149.1", "149.2"]
    assert len(many.caption) == many.caption_offset[-1] == 300


@pytest.mark.parametrize(
    "image", [np.zeros((_SIZE, _SIZE, 1), np.uint8), np.zeros((_SIZE, _SIZE, 3), np.float32)]
)
def test_a_wrong_picture_is_the_programmers_mistake(tmp_path: Path, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image bird: "), writing(tmp_path / "a", 4, "") as writer:
        writer.add("train", image, ["a"], 1, "bird")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_write_leaves_the_old_file(bare: Path) -> None:
    before = bare.read_bytes()

    def write() -> None:
        with writing(bare, _SIZE, "another") as writer:
            writer.add("train", _image(9), ["a"], 1, "bird")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert bare.read_bytes() == before
    assert list(bare.parent.iterdir()) == [bare]


# Embeddings.


def test_embeddings_can_be_made_anew(embedded: Path) -> None:
    tables = {split: np.full((rows, 5), 7, np.float32) for split, rows in _CAPTIONS.items()}
    before = read(embedded, ["train"])
    write_embeddings(embedded, {s: [t] for s, t in tables.items()}, b"other", "twin", 5)
    after = read(embedded, ["train"])
    assert after.embedding is not None
    np.testing.assert_array_equal(after.embedding, tables["train"])
    np.testing.assert_array_equal(after.image, before.image)
    assert after.caption == before.caption
    assert read_encoder(embedded) == b"other"
    header, faults = check(embedded)
    assert faults == []
    assert header.encoder is not None
    assert (header.encoder.kind, header.encoder.embedding_size) == ("twin", 5)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_interrupted_embedding_leaves_the_old_file(
    embedded: Path, error: type[BaseException]
) -> None:
    before = embedded.read_bytes()

    def interrupted() -> Iterator[np.ndarray]:
        yield np.zeros((1, _WIDTH), np.float32)
        raise error

    blocks = {"train": [_table("train")], "val": [_table("val")], "test": interrupted()}
    with pytest.raises(error):
        write_embeddings(embedded, blocks, b"other", "twin", _WIDTH)
    assert embedded.read_bytes() == before
    assert list(embedded.parent.iterdir()) == [embedded]


@pytest.mark.parametrize("rows", [0, 5])
def test_too_few_embeddings_are_the_programmers_mistake(embedded: Path, rows: int) -> None:
    before = embedded.read_bytes()
    blocks = {split: [_table(split)] for split in pairs.SPLITS}
    blocks["train"] = [_table("train", rows)]
    with pytest.raises(ValueError, match=f"train: {rows} embeddings for 6 captions"):
        write_embeddings(embedded, blocks, b"other", "twin", _WIDTH)
    assert embedded.read_bytes() == before


# Files that are none.


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    assert _message(lambda: read_header(path)) == (
        f"{path}: expected a pairs file, got nothing there; see `t2i-prep --help`"
    )


@pytest.mark.parametrize("keep", [0, 100, 0.5, -1])
def test_a_truncated_file(embedded: Path, keep: float) -> None:
    whole = embedded.read_bytes()
    length = int(keep * len(whole)) if isinstance(keep, float) else keep
    embedded.write_bytes(whole[:length])
    assert _message(lambda: read_header(embedded)) == (
        f"{embedded}: expected a pairs file, got one that HDF5 can't open; prepare it again"
    )


@pytest.mark.parametrize("found", [None, "birds", np.array([1, 2])])
def test_another_format(embedded: Path, found: Any) -> None:
    with h5py.File(embedded, "a") as file:
        del file.attrs["format"]
        if found is not None:
            file.attrs["format"] = found
    assert _message(lambda: read_header(embedded)) == (
        f"{embedded}: expected format 't2i-pairs', got {found!r}; make one with `t2i-prep`"
    )


@pytest.mark.parametrize("version", [2, 0, "one", 1.5, np.array([1, 1])])
def test_another_version(embedded: Path, version: Any) -> None:
    with h5py.File(embedded, "a") as file:
        file.attrs["version"] = version
    assert _message(lambda: read_header(embedded)) == (
        f"{embedded}: expected version 1, got {version}; "
        "prepare it again with this release, or read it with the one that wrote it"
    )


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("image_size", 0, "image_size: expected 1 to 1024, got np.int64(0)"),
        ("image_size", 1025, "image_size: expected 1 to 1024, got np.int64(1025)"),
        ("image_size", "4", "image_size: expected 1 to 1024, got '4'"),
        ("image_size", [4, 4], "image_size: expected 1 to 1024, got array([4, 4])"),
        ("source", 3, "source: expected text, got np.int64(3)"),
        ("created_with", [1, 2], "created_with: expected text, got array([1, 2])"),
    ],
)
def test_a_wrong_attribute(embedded: Path, name: str, value: Any, fault: str) -> None:
    with h5py.File(embedded, "a") as file:
        file.attrs[name] = value
    assert _faults(embedded) == f"attribute {fault}"


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "[]",
        '{"sha256": "0", "kind": "k"}',
        '{"sha256": "0", "kind": "k", "embedding_size": "many"}',
        '{"sha256": "0", "kind": "k", "embedding_size": Infinity}',
        "[" * 20_000,
    ],
)
def test_a_malformed_encoder_stamp(embedded: Path, stamp: str) -> None:
    with h5py.File(embedded, "a") as file:
        file.attrs["encoder"] = stamp
    assert _message(lambda: read_header(embedded)) == (
        f"{embedded}: expected the encoder's hash, kind and size in attribute 'encoder', "
        f"got {stamp!r}; run `t2i-prep embed` again"
    )


# Misshaped data.


@pytest.mark.parametrize(
    ("name", "dataset", "fault"),
    [
        (
            "image",
            {"data": np.zeros((3, 4, 4, 3), np.float32)},
            "expected 4-d uint8, got 4-d float32",
        ),
        ("image", {"data": np.zeros((3, 48), np.uint8)}, "expected 4-d uint8, got 2-d uint8"),
        (
            "image",
            {"data": np.zeros((3, 5, 4, 3), np.uint8)},
            "expected pictures [4, 4, 3], got (3, 5, 4, 3)",
        ),
        ("caption", {"data": np.array([b"a"] * 6)}, "expected 1-d text, got 1-d |S1"),
        (
            "caption",
            {"shape": 6, "dtype": h5py.vlen_dtype(np.uint8)},
            "expected 1-d text, got 1-d object",
        ),
        ("caption_offset", {"data": np.zeros(4, ">i8")}, "expected 1-d int64, got 1-d >i8"),
        ("caption_offset", {"data": np.zeros(3, np.int64)}, "expected 4 rows, got 3"),
        ("class_id", {"data": np.zeros(3, np.int64)}, "expected 1-d int32, got 1-d int64"),
        ("class_id", {"data": np.zeros(2, np.int32)}, "expected 3 rows, got 2"),
        ("name", {"data": [b"a"], "dtype": h5py.string_dtype()}, "expected 3 rows, got 1"),
        ("embedding", {"data": np.zeros((6, 3))}, "expected 2-d float32, got 2-d float64"),
        ("embedding", {"data": np.zeros((5, 3), np.float32)}, "expected (6, 3), got (5, 3)"),
        ("embedding", {"data": np.zeros((6, 4), np.float32)}, "expected (6, 3), got (6, 4)"),
        ("name", {}, "expected a data set, got nothing"),
        # A claim of 44 TB in a small file.
        (
            "image",
            {"shape": (1 << 40, 4, 4, 3), "dtype": np.uint8, "chunks": (8, 4, 4, 3)},
            "expected 52776558133248 bytes, got 0 stored",
        ),
        (
            "embedding",
            {"shape": (1 << 40, 3), "dtype": np.float32},
            "expected 13194139533312 bytes, got 0 stored",
        ),
        (
            "image",
            {"data": np.zeros((3000, 4, 4, 3), np.uint8), "compression": "gzip"},
            "expected 144000 bytes, got {stored} stored",
        ),
    ],
)
def test_a_misshaped_data_set(
    embedded: Path, name: str, dataset: dict[str, Any], fault: str
) -> None:
    _replace(embedded, f"train/{name}", **dataset)
    with h5py.File(embedded) as file:
        stored = file[f"train/{name}"].id.get_storage_size() if dataset else 0
    assert _faults(embedded) == f"/train/{name}: {fault.format(stored=stored)}"


def test_every_fault_is_named(embedded: Path) -> None:
    _replace(embedded, "train/name")
    _replace(embedded, "test/class_id", data=np.zeros(1))
    assert _faults(embedded) == (
        "/train/name: expected a data set, got nothing; "
        "/test/class_id: expected 1-d int32, got 1-d float64"
    )


def test_a_missing_encoder(embedded: Path) -> None:
    _replace(embedded, "encoder")
    assert _faults(embedded) == "/encoder: expected a data set, got nothing"


def test_a_missing_split(embedded: Path) -> None:
    _replace(embedded, "val")
    assert _faults(embedded) == "/val: expected a group, got none"


def test_a_split_that_is_no_group(embedded: Path) -> None:
    _replace(embedded, "val", data=1)
    assert _faults(embedded) == "/val: expected a group, got none"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A file that the pairs file must not lead to."""
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = np.zeros((3, _SIZE, _SIZE, 3), np.uint8)
    return path


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "secret"), h5py.SoftLink("/val")])
@pytest.mark.parametrize("name", ["train", "train/image"])
def test_a_link(embedded: Path, other: Path, link: Any, name: str) -> None:
    with h5py.File(embedded, "a") as file:
        del file[name]
        file[name] = link
    expected = "a group, got none" if name == "train" else "a data set, got a link"
    assert _faults(embedded) == f"/{name}: expected {expected}"


def test_a_virtual_data_set(embedded: Path, other: Path) -> None:
    layout = h5py.VirtualLayout((3, _SIZE, _SIZE, 3), np.uint8)
    layout[:] = h5py.VirtualSource(other, "secret", (3, _SIZE, _SIZE, 3))
    with h5py.File(embedded, "a") as file:
        del file["train/image"]
        file.create_virtual_dataset("train/image", layout)
    assert _faults(embedded) == "/train/image: expected a data set of this file, got something else"


def test_external_storage(embedded: Path, other: Path) -> None:
    _replace(
        embedded,
        "train/image",
        shape=(3, _SIZE, _SIZE, 3),
        dtype=np.uint8,
        external=[(str(other), 0, h5py.h5f.UNLIMITED)],
    )
    assert _faults(embedded) == "/train/image: expected a data set of this file, got something else"


def test_no_pictures_in_a_split(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    with writing(path, _SIZE, "a test") as writer:
        writer.add("train", _image(0), ["a"], 1, "bird")
    assert _message(lambda: read(path, ["val", "test"])) == (
        f"{path}: expected pictures in val + test, got none; "
        "prepare the file with a split that fills it"
    )


@pytest.mark.parametrize("offset", [[1, 2, 5, 6], [0, 2, 5, 7], [0, 5, 2, 6], [0, 2, 2, 6]])
def test_offsets_that_lead_astray_are_not_read(embedded: Path, offset: Sequence[int]) -> None:
    _replace(embedded, "train/caption_offset", data=np.array(offset, np.int64))
    assert _message(lambda: read(embedded, ["train"])) == (
        f"{embedded}: /train/caption_offset: expected to rise from 0 to 6, got otherwise; "
        f"see `t2i-prep check {embedded}`"
    )


def test_text_that_is_no_utf8_is_read_as_far_as_it_goes(embedded: Path) -> None:
    for name in ("val/caption", "val/name"):
        _replace(embedded, name, data=[b"caf\xe9"], dtype=h5py.string_dtype())
    val = read(embedded, ["val"])
    assert val.caption == val.name == ["caf\N{REPLACEMENT CHARACTER}"]
    assert check(embedded)[1] == []


# The contents.


def _set(path: Path, name: str, index: Any, value: Any) -> list[str]:
    with h5py.File(path, "a") as file:
        file[name][index] = value
    return check(path)[1]


def test_numbers_that_are_not_finite(embedded: Path) -> None:
    faults = _set(embedded, "train/embedding", (slice(None), 1), [0, np.nan, 1, np.inf, 2, -np.inf])
    assert faults == ["/train/embedding: expected finite numbers, got others in rows 1, 3, 5"]


def test_many_rows_are_counted(embedded: Path) -> None:
    faults = _set(embedded, "train/embedding", slice(None), np.nan)
    assert faults == [
        "/train/embedding: expected finite numbers, got others in rows 0, 1, 2, 3, 4 and 1 more"
    ]


def test_classes_in_two_splits(embedded: Path) -> None:
    _set(embedded, "val/class_id", 0, 2)
    faults = _set(embedded, "test/class_id", 0, 2)
    assert faults == [
        "classes: expected none in both train and val, got 2",
        "classes: expected none in both train and test, got 2",
        "classes: expected none in both val and test, got 2",
    ]


def test_empty_captions(embedded: Path) -> None:
    _set(embedded, "train/caption", 2, "")
    faults = _set(embedded, "train/caption", 4, " \t")
    assert faults == ["/train/caption: expected words, got empty captions in rows 2, 4"]


def test_a_picture_without_captions(embedded: Path) -> None:
    faults = _set(embedded, "train/caption_offset", 1, 0)
    assert faults == ["/train/caption: expected captions for every picture, got none for bird 0"]


def test_offsets_that_lead_astray(embedded: Path) -> None:
    faults = _set(embedded, "train/caption_offset", 1, 9)
    assert faults == ["/train/caption_offset: expected to rise from 0 to 6, got otherwise"]


def test_a_name_twice(embedded: Path) -> None:
    faults = _set(embedded, "train/name", 2, "bird 0")
    assert faults == ["/train/name: expected unique names, got bird 0 again"]


def test_an_encoder_that_is_not_the_stamped_one(embedded: Path) -> None:
    faults = _set(embedded, "encoder", 0, 0)
    found = hashlib.sha256(b"\0" + _ENCODER[1:]).hexdigest()
    stamped = hashlib.sha256(_ENCODER).hexdigest()
    assert faults == [f"/encoder: expected SHA-256 {stamped}, got {found}"]
