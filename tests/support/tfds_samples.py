"""Small data sets that TFDS itself prepares, with the features of known ones."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

CLASSES = ("001.Ani", "002.Jay", "003.Owl")
BOXES = ((5.0, 4.0, 12.0, 9.0), (0.0, 1.0, 23.0, 15.0), (7.0, 2.0, 9.0, 9.0))


def jpeg(number: int, size: tuple[int, int] = (24, 18)) -> bytes:
    """Noise, told apart by the number."""
    pixels = np.random.default_rng(number).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def coco(data_dir: Path) -> None:
    """`coco_captions/2014/1.1.0`: of each feature that it has, one of that kind."""
    features = {
        "image": tfds.features.Image(encoding_format="jpeg"),
        "image/filename": tfds.features.Text(),
        "image/id": np.int64,
        "captions": tfds.features.Sequence({"id": np.int64, "text": np.str_}),
        "objects": tfds.features.Sequence({"bbox": tfds.features.BBoxFeature()}),
    }
    splits = {
        split: [_coco(2 * place + number) for number in range(2)]
        for place, split in enumerate(("train", "restval", "val", "test", "test2015"))
    }
    _store(data_dir, "coco_captions", "1.1.0", features, splits, config="2014")


def _coco(number: int) -> dict[str, Any]:
    return {
        "image": io.BytesIO(jpeg(number)),
        "image/filename": f"COCO_{number:012}.jpg",
        "image/id": number,
        "captions": [{"id": 7, "text": f" picture\n{number} "}, {"id": 8, "text": "å cat"}],
        "objects": [],
    }


def birds(data_dir: Path) -> None:
    """`caltech_birds2011/0.2.0`, three classes of two pictures, split as Caltech splits them."""
    features = {
        "image": tfds.features.Image(),
        "image/filename": tfds.features.Text(),
        "label": tfds.features.ClassLabel(num_classes=200),
        "label_name": tfds.features.Text(),
        "bbox": tfds.features.BBoxFeature(),
        "segmentation_mask": tfds.features.Image(shape=(None, None, 1)),
    }
    splits = {split: [_bird(label, split) for label in range(3)] for split in ("train", "test")}
    _store(data_dir, "caltech_birds2011", "0.2.0", features, splits)


def _bird(label: int, split: str) -> dict[str, Any]:
    x, y, width, height = BOXES[label]
    sides = (y / 18, x / 24, (y + height) / 18, (x + width) / 24)
    return {
        "image": io.BytesIO(jpeg(label, (24, 18))),
        "image/filename": f"CUB_200_2011/images/{CLASSES[label]}/{split}_{label}.jpg",
        "label": label,
        "label_name": CLASSES[label],
        "bbox": tfds.features.BBox(*sides),
        "segmentation_mask": io.BytesIO(jpeg(label)),
    }


def flowers(data_dir: Path) -> None:
    """`oxford_flowers102/2.1.1`, whose names of pictures have no folder."""
    features = {
        "image": tfds.features.Image(),
        "label": tfds.features.ClassLabel(names=["pink primrose", "canterbury bells"]),
        "file_name": tfds.features.Text(),
    }
    rows = [
        {"image": io.BytesIO(jpeg(label)), "label": label, "file_name": f"image_{label:05}.jpg"}
        for label in range(2)
    ]
    _store(data_dir, "oxford_flowers102", "2.1.1", features, {"train": rows})


def mnist(data_dir: Path) -> None:
    """`mnist/3.0.1`: greys and a label."""
    features = {
        "image": tfds.features.Image(shape=(28, 28, 1)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    splits = {split: [_digit(label) for label in (3, 9)] for split in ("train", "test")}
    _store(data_dir, "mnist", "3.0.1", features, splits)


def _digit(label: int) -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("L", (28, 28), label).save(file, "PNG")
    return {"image": io.BytesIO(file.getvalue()), "label": label}


def _store(
    data_dir: Path,
    name: str,
    version: str,
    features: dict[str, Any],
    splits: dict[str, list[dict[str, Any]]],
    config: str | None = None,
) -> None:
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: list(enumerate(rows)) for split, rows in splits.items()},
        config=config,
        data_dir=data_dir,
    )
