"""A StackGAN layout of three pictures, and pickles as others wrote them."""

import pickle
from pathlib import Path

import numpy as np

NAMES = {"train": ["002.Jay/Jay_2", "001.Ani/Ani_1"], "test": ["003.Owl/Owl_7"]}
CLASSES = {"train": [np.int64(2), 1], "test": [3]}
SIZE = 3


def embeddings(split: str, dtype: str = "f4") -> list[np.ndarray]:
    random = np.random.default_rng(len(split))
    return [random.normal(size=(2, SIZE)).astype(dtype) for _ in NAMES[split]]


def pictures(split: str) -> list[np.ndarray]:
    random = np.random.default_rng(len(split))
    return [random.integers(0, 256, (9, 9, 3), dtype=np.uint8) for _ in NAMES[split]]


def write_pickle(path: Path, value: object, protocol: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol))


def write_layout(folder: Path, protocol: int = 2) -> Path:
    """Writes pickles, pictures and captions: all that can be in one."""
    for split, names in NAMES.items():
        write_pickle(folder / split / "filenames.pickle", names, protocol)
        write_pickle(folder / split / "class_info.pickle", CLASSES[split], protocol)
        stored = embeddings(split)
        write_pickle(folder / split / "char-CNN-RNN-embeddings.pickle", stored, protocol)
        write_pickle(folder / split / "9images.pickle", pictures(split), protocol)
        for name in names:
            path = folder / "text_c10" / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"this is {name}\nanother of {name}\n")
    words = {0: "<end>", 1: "a", 2: "red", 3: "bird", 4: "blue"}
    numbers = [[[1, 2, 3], [2, 0]], [[1, 4, 3], [4]], [[1, 3], [3]]]
    captions = [numbers[0] + numbers[1], numbers[2], words, {w: i for i, w in words.items()}]
    write_pickle(folder / "captions.pickle", captions, protocol)
    return folder


def write_cub(folder: Path) -> Path:
    """Writes the index of a CUB tree with those pictures, in another order, and one more."""
    names = ["001.Ani/Ani_0", *NAMES["test"], *reversed(NAMES["train"])]
    folder.mkdir(parents=True, exist_ok=True)
    for file, rows in {
        "images": [f"{i} {name}.jpg" for i, name in enumerate(names, 1)],
        "bounding_boxes": [f"{i} {i}.0 2.0 3.0 4.0" for i in range(1, 5)],
    }.items():
        (folder / f"{file}.txt").write_text("".join(f"{row}\n" for row in rows))
    return folder
