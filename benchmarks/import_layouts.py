"""Writes pictures of CUB in the layout of every source that can be imported."""

import importlib.util
import io
import random
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

from prep.building.build import build_pairs
from prep.building.examples import Example
from prep.building.splits import official_split
from prep.exports.pairs_file import PairsFile
from prep.exports.stackgan import export_stackgan
from prep.sources.cub import Cub
from prep.sources.flowers import class_name
from t2i.encoders.tokenizers import CharTokenizer
from t2i.pairs.reading import EncoderStamp

# Dead formats have no other writer than that of the tests.
sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from idx_samples import idx
from matlab_samples import write_mat
from torch7_writer import save

# The extra `tfds` is not everybody's.
HAS_TFDS = importlib.util.find_spec("tensorflow_datasets") is not None
SIZE = 76
_STAMP = EncoderStamp("0" * 64, "imported: chance", 1024)
_FLOWERS = 102


def write_layouts(folder: Path, cub: Path, captions: Path, count: int) -> None:
    """Writes so many pictures of a CUB tree into a folder, in every layout."""
    source = Cub(cub, captions, use_box=True, split_of=official_split())
    examples = list(_repeated(source, count))
    _write_tree(folder, examples)
    build_pairs(examples, folder / "birds.h5", SIZE, "benchmark", encoder=_STAMP)
    export_stackgan(PairsFile(folder / "birds.h5"), folder / "stackgan")
    _write_hdf5(folder / "birds.hdf5", examples)
    _write_folder(folder / "own", examples)
    _write_flowers(folder / "flowers", examples)
    _write_icml(folder / "cub_icml", examples)
    _write_cvpr(folder / "cvpr2016_cub", examples)
    _write_mnist(folder / "mnist", count)
    if HAS_TFDS:
        # In a process of its own: what TensorFlow takes would count as the memory of every source.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(_write_tfds, folder, examples).result()


def _repeated(source: Cub, count: int) -> Iterator[Example]:
    """Yields pictures in a random order, again under another name when all are used up."""
    examples = [item for item in source if isinstance(item, Example)]
    random.Random(0).shuffle(examples)
    # The memory that is measured is not this process's, so all may share one.
    embeddings = np.random.default_rng(0).normal(size=(10, 1024)).astype(np.float32)
    for number in range(count):
        one = examples[number % len(examples)]
        folder = one.name.partition("/")[0]
        yield replace(one, name=f"{folder}/{number:05}", embeddings=embeddings)


def _write_tree(folder: Path, examples: list[Example]) -> None:
    """Writes a CUB tree whose pictures are links to the real ones."""
    rows: dict[str, list[str]] = {"images": [], "image_class_labels": [], "bounding_boxes": []}
    classes = {}
    for number, one in enumerate(examples, 1):
        _link(folder / "images" / f"{one.name}.jpg", one)
        classes[one.class_id] = one.name.partition("/")[0]
        rows["images"].append(f"{number} {one.name}.jpg")
        rows["image_class_labels"].append(f"{number} {one.class_id}")
        rows["bounding_boxes"].append(f"{number} {' '.join(map(str, one.box or ()))}")
    rows["classes"] = [f"{class_id} {name}" for class_id, name in classes.items()]
    for name, lines in rows.items():
        _write_lines(folder / f"{name}.txt", lines)


def _write_hdf5(path: Path, examples: list[Example]) -> None:
    """Writes aelnouby's layout with five captions a picture, as its converter does."""
    with h5py.File(path, "w") as file:
        splits = {
            split: file.create_group(name)
            for split, name in {"train": "train", "val": "valid", "test": "test"}.items()
        }
        for one in examples:
            folder, _, name = one.name.partition("/")
            picture = np.void(Path(str(one.image)).read_bytes())
            for number in range(5):
                group = splits[one.split].create_group(f"{name}_{number}")
                group["name"], group["class"] = name, folder
                group["txt"] = one.captions[number] + "\n"
                group["img"] = picture
                group["embeddings"] = np.ones(1024)


def _write_tfds(data_dir: Path, examples: list[Example]) -> None:
    """Writes a copy with the features of TFDS' `caltech_birds2011` that an import asks for."""
    import tensorflow_datasets as tfds

    sys.stdout = sys.stderr

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        for number, one in enumerate(examples):
            content = Path(str(one.image)).read_bytes()
            width, height = Image.open(io.BytesIO(content)).size
            x, y, own_width, own_height = one.box or (0, 0, width, height)
            sides = y / height, x / width, (y + own_height) / height, (x + own_width) / width
            yield (
                number,
                {
                    "image": io.BytesIO(content),
                    "image/filename": f"{one.name}.jpg",
                    "label": one.class_id - 1,
                    "bbox": tfds.features.BBox(*(min(max(side, 0.0), 1.0) for side in sides)),
                },
            )

    features = {
        "image": tfds.features.Image(),
        "image/filename": tfds.features.Text(),
        "label": tfds.features.ClassLabel(num_classes=200),
        "bbox": tfds.features.BBoxFeature(),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="birds",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": rows()},
        data_dir=data_dir,
    )


def _write_folder(folder: Path, examples: list[Example]) -> None:
    """Writes pictures with a `.txt` beside each, in a folder a class."""
    for one in examples:
        _write_lines(folder / f"{one.name}.txt", one.captions)
        # A link would lead out of the folder, and is refused.
        shutil.copyfile(str(one.image), folder / f"{one.name}.jpg")


def _write_flowers(folder: Path, examples: list[Example]) -> None:
    """Writes Oxford-102's layout: numbered pictures, labels, and captions in a folder a class."""
    labels = [number % _FLOWERS + 1 for number in range(len(examples))]
    for number, (label, one) in enumerate(zip(labels, examples, strict=True), 1):
        file = f"image_{number:05d}"
        _link(folder / "jpg" / f"{file}.jpg", one)
        _write_lines(folder / "text_c10" / class_name(label) / f"{file}.txt", one.captions)
    write_mat(folder / "imagelabels.mat", {"labels": labels})


def _write_icml(folder: Path, examples: list[Example]) -> None:
    """Writes Reed's `cub_icml`: a table a picture, of embeddings and codes."""
    _write_classes(folder, {one.name.partition("/")[0]: one.split for one in examples})
    for one in examples:
        table = {"img": f"{one.name}.jpg", "txt": one.embeddings, "char": _codes([one])[0]}
        save(folder / f"{one.name}.t7", table)


def _write_cvpr(folder: Path, examples: list[Example]) -> None:
    """Writes Reed's `cvpr2016_cub`: captions as text, and as codes in a table a class."""
    # All classes of CUB: the line of one is its number.
    classes = _write_classes(folder, official_split())
    _write_lines(folder / "manifest.txt", [f"{name}.t7" for name in classes])
    for name in classes:
        own = [one for one in examples if one.name.startswith(f"{name}/")]
        own.sort(key=lambda one: f"{one.name}.txt")
        if own:
            save(folder / "text_c10" / f"{name}.t7", _codes(own))
        for one in own:
            _write_lines(folder / "text_c10" / f"{one.name}.txt", one.captions)


def _write_classes(folder: Path, split_of: Mapping[str, str]) -> list[str]:
    """Writes Reed's lists of classes; returns their names in their order."""
    names = sorted(split_of)
    _write_lines(folder / "allclasses.txt", names)
    for split in ("train", "val", "test", "trainval"):
        numbers = [i for i, name in enumerate(names, 1) if split_of[name] in split]
        _write_lines(folder / f"{split}classes.txt", [names[i - 1] for i in numbers])
        _write_lines(folder / f"{split}ids.txt", numbers)
    return names


def _codes(examples: list[Example]) -> np.ndarray:
    """Returns the captions' codes, float64 [pictures, 201, captions]."""
    return np.stack([CharTokenizer().encode(one.captions).T for one in examples]).astype(float)


def _write_mnist(folder: Path, count: int) -> None:
    """Writes IDX files of noise: so many pictures, a seventh of them to test with."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for name, own in (("t10k", count // 7), ("train", count - count // 7)):
        images = rng.integers(0, 256, (own, 28, 28), dtype=np.uint8)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        labels = (np.arange(own) % 10).astype(np.uint8)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels))


def _link(path: Path, one: Example) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(Path(str(one.image)).resolve())


def _write_lines(path: Path, lines: Iterable[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
