"""Pairs files written and read back; embeddings added."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pairs_samples import (
    CAPTIONS,
    ENCODER,
    IMPORTED,
    PICTURES,
    SIZE,
    WIDTH,
    image,
    message,
    table,
)

import t2i
from t2i.errors import InputError
from t2i.pairs.checking import check
from t2i.pairs.reading import EncoderStamp, Header, read, read_encoder, read_header
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import write_embeddings, writing


def test_a_split_reads_as_it_was_written(bare: Path) -> None:
    train = read(bare, ["train"])
    np.testing.assert_array_equal(train.image, np.stack([image(0), image(2), image(4)]))
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
    assert [joined.captions_of(i) for i in range(5)] == [PICTURES[i][1] for i in (0, 2, 4, 3, 1)]
    assert joined.embedding is not None
    assert joined.embedding.dtype == np.float32
    np.testing.assert_array_equal(
        joined.embedding, np.concatenate([table(split) for split in SPLITS])
    )


def test_pictures_may_stay_out(embedded: Path) -> None:
    without = read(embedded, ["train"], images=False)
    assert without.image.shape == (3, 0, 0, 3)
    assert len(without.name) == 3


def test_the_header(embedded: Path) -> None:
    digest = hashlib.sha256(ENCODER).hexdigest()
    assert read_header(embedded) == Header(
        image_size=SIZE,
        channels=3,
        source="a test",
        split_by="class",
        created_with=f"t2i {t2i.__version__}",
        encoder=EncoderStamp(digest, "char-cnn-gru", WIDTH),
        images={"train": 3, "val": 1, "test": 1},
        captions=CAPTIONS,
    )
    assert read_encoder(embedded) == ENCODER
    assert check(embedded) == (read_header(embedded), [], [])


def test_a_file_without_embeddings_is_whole_too(bare: Path) -> None:
    header, faults, _ = check(bare)
    assert (header.encoder, faults) == (None, [])
    assert message(lambda: read_encoder(bare)) == (
        f"{bare}: expected embedded captions, got none; "
        f"run `t2i-prep embed {bare} --encoder ENCODER`"
    )


def test_more_pictures_than_a_block_holds(tmp_path: Path) -> None:
    path = tmp_path / "many.h5"
    with writing(path, SIZE, "a test") as writer:
        for number in range(150):
            captions = [f"{number}.{c}" for c in range(1 + number % 3)]
            writer.add("train", image(number), captions, 7, str(number))
    many = read(path, ["train"])
    np.testing.assert_array_equal(many.image, np.stack([image(i) for i in range(150)]))
    assert many.name == [str(number) for number in range(150)]
    assert many.captions_of(149) == ["149.0", "149.1", "149.2"]
    assert len(many.caption) == many.caption_offset[-1] == 300


@pytest.mark.parametrize(
    "image", [np.zeros((SIZE, SIZE, 1), np.uint8), np.zeros((SIZE, SIZE, 3), np.float32)]
)
def test_a_wrong_picture_is_the_programmers_mistake(tmp_path: Path, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image bird: "), writing(tmp_path / "a", 4, "") as writer:
        writer.add("train", image, ["a"], 1, "bird")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_write_leaves_the_old_file(bare: Path) -> None:
    before = bare.read_bytes()

    def write() -> None:
        with writing(bare, SIZE, "another") as writer:
            writer.add("train", image(9), ["a"], 1, "bird")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert bare.read_bytes() == before
    assert list(bare.parent.iterdir()) == [bare]


def test_a_full_disk_leaves_the_old_file(bare: Path, nearly_full: str) -> None:
    before = bare.read_bytes()
    with pytest.raises(InputError, match=nearly_full), writing(bare, SIZE, "another") as writer:
        writer.add("train", image(9), ["a"], 1, "bird")
    assert bare.read_bytes() == before
    assert list(bare.parent.iterdir()) == [bare]


def test_no_room_for_embeddings_leaves_the_old_file(embedded: Path, nearly_full: str) -> None:
    before = embedded.read_bytes()
    blocks = {split: [table(split)] for split in SPLITS}
    with pytest.raises(InputError, match=nearly_full):
        write_embeddings(embedded, blocks, b"other", "twin", WIDTH)
    assert embedded.read_bytes() == before
    assert list(embedded.parent.iterdir()) == [embedded]


@pytest.mark.parametrize("embeddings", [None, (1, WIDTH), (2, 5)])
def test_embeddings_that_do_not_fit_are_the_programmers_mistake(
    tmp_path: Path, embeddings: tuple[int, int] | None
) -> None:
    rows = None if embeddings is None else np.zeros(embeddings, np.float32)
    with (
        pytest.raises(ValueError, match="embeddings of bird: expected shape"),
        writing(tmp_path / "a", SIZE, "", encoder=IMPORTED) as writer,
    ):
        writer.add("train", image(0), ["a", "b"], 1, "bird", rows)


def test_greys_have_one_channel(tmp_path: Path) -> None:
    path = tmp_path / "greys.h5"
    with writing(path, SIZE, "a test", channels=1) as writer:
        writer.add("train", image(0)[..., :1], ["a"], 1, "bird")
    assert read_header(path).channels == 1
    np.testing.assert_array_equal(read(path, ["train"]).image, image(0)[None, ..., :1])
    assert read(path, ["train"], images=False).image.shape == (1, 0, 0, 1)


# Embeddings.


def test_embeddings_may_come_with_the_pictures(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    rows = dict.fromkeys(SPLITS, 0)
    with writing(path, SIZE, "a test", encoder=IMPORTED) as writer:
        for number, (split, captions, class_id) in enumerate(PICTURES):
            own = table(split)[rows[split] : rows[split] + len(captions)]
            writer.add(split, image(number), captions, class_id, f"bird {number}", own)
            rows[split] += len(captions)
    assert check(path) == (read_header(path), [], [])
    assert read_header(path).encoder == IMPORTED
    assert read_encoder(path) is None
    for split in SPLITS:
        np.testing.assert_array_equal(read(path, [split]).embedding, table(split))


def test_imported_embeddings_can_be_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    with writing(path, SIZE, "a test", encoder=IMPORTED) as writer:
        writer.add("train", image(0), ["a"], 1, "bird", np.zeros((1, WIDTH), np.float32))
    blocks = {"train": [np.ones((1, 5), np.float32)], "val": [], "test": []}
    write_embeddings(path, blocks, ENCODER, "char-cnn-gru", 5)
    assert read_encoder(path) == ENCODER
    np.testing.assert_array_equal(read(path, ["train"]).embedding, np.ones((1, 5)))


def test_embeddings_can_be_made_anew(embedded: Path) -> None:
    tables = {split: np.full((rows, 5), 7, np.float32) for split, rows in CAPTIONS.items()}
    before = read(embedded, ["train"])
    write_embeddings(embedded, {s: [t] for s, t in tables.items()}, b"other", "twin", 5)
    after = read(embedded, ["train"])
    assert after.embedding is not None
    np.testing.assert_array_equal(after.embedding, tables["train"])
    np.testing.assert_array_equal(after.image, before.image)
    assert after.caption == before.caption
    assert read_encoder(embedded) == b"other"
    header, faults, _ = check(embedded)
    assert faults == []
    assert header.encoder is not None
    assert (header.encoder.kind, header.encoder.embedding_size) == ("twin", 5)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_interrupted_embedding_leaves_the_old_file(
    embedded: Path, error: type[BaseException]
) -> None:
    before = embedded.read_bytes()

    def interrupted() -> Iterator[np.ndarray]:
        yield np.zeros((1, WIDTH), np.float32)
        raise error

    blocks = {"train": [table("train")], "val": [table("val")], "test": interrupted()}
    with pytest.raises(error):
        write_embeddings(embedded, blocks, b"other", "twin", WIDTH)
    assert embedded.read_bytes() == before
    assert list(embedded.parent.iterdir()) == [embedded]


@pytest.mark.parametrize("rows", [0, 5])
def test_too_few_embeddings_are_the_programmers_mistake(embedded: Path, rows: int) -> None:
    before = embedded.read_bytes()
    blocks = {split: [table(split)] for split in SPLITS}
    blocks["train"] = [table("train", rows)]
    with pytest.raises(ValueError, match=f"train: {rows} embeddings for 6 captions"):
        write_embeddings(embedded, blocks, b"other", "twin", WIDTH)
    assert embedded.read_bytes() == before
