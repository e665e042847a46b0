from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from miniature import write_pairs

import prep.tfds_pairs  # noqa: F401
from prep.building.examples import Example
from prep.sources.tfds.copies import PreparedCopy
from prep.sources.tfds.source import Tfds
from t2i.pairs.reading import read, read_header
from t2i.pairs.writing import writing


def test_a_pairs_file_is_a_data_set_of_tfds_and_back(pairs_file: Path, tmp_path: Path) -> None:
    pairs = read(pairs_file, ["train"])
    assert pairs.embedding is not None
    kwargs = {"pairs": pairs_file}
    loaded = tfds.load("t2i_pairs", split="train", data_dir=tmp_path, builder_kwargs=kwargs)
    rows = {row["image/filename"].decode(): row for row in tfds.as_numpy(loaded)}
    back = {
        example.name: example
        for example in Tfds(PreparedCopy(tmp_path, "t2i_pairs"), None, True, {})
        if isinstance(example, Example)
    }
    assert len(back) == sum(read_header(pairs_file).images.values())
    assert sorted(rows) == sorted(f"{name}.png" for name in pairs.name)
    for index, name in enumerate(pairs.name):
        row, example = rows[f"{name}.png"], back[name]
        own = slice(*pairs.caption_offset[index : index + 2])
        assert np.array_equal(row["image"], pairs.image[index])
        assert np.array_equal(row["embeddings"], pairs.embedding[own])
        assert [text.decode() for text in row["captions"]] == pairs.captions_of(index)
        assert row["label"] == pairs.class_id[index] == example.class_id
        assert (example.captions, example.split) == (tuple(pairs.captions_of(index)), "train")


def test_what_tfds_keeps_of_one_pairs_file_is_not_another(tmp_path: Path) -> None:
    path = tmp_path / "pairs.h5"
    with writing(path, 4, "a test", channels=1) as pairs:
        pairs.add("train", np.zeros((4, 4, 1), np.uint8), ["a"], 1, "a")
    builders = [tfds.builder("t2i_pairs", data_dir=tmp_path, pairs=str(path))]
    write_pairs(path)
    builders.append(tfds.builder("t2i_pairs", data_dir=tmp_path, pairs=str(path)))
    names = {builder.info.full_name for builder in builders}
    assert len(names) == 2
    bare, embedded = (set(builder.info.features) for builder in builders)
    assert embedded - bare == {"embeddings"}
