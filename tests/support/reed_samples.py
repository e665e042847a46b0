"""Reed's two layouts of captions, and the CUB tree to them, in miniature."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch7_writer

from t2i.encoders.tokenizers import CharTokenizer

NAMES = (
    "001.Ani/Ani_1",
    "001.Ani/Ani_2",
    "002.Jay/Jay",
    "002.Jay/Jay-b",
    "002.Jay/Jay_c",
    "003.Owl/Owl_7",
)
# As classes and as the names of classes in lists.
CLASSES = ("001.Ani", "002.Jay", "003.Owl")
SIZE = 4


def captions(name: str) -> tuple[str, str]:
    own = name.lower().replace(".", " ").replace("/", " ")
    return f"this is {own}, and red", f"another {own} with wings"


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


def class_lists(folder: Path) -> None:
    lines(folder / "allclasses.txt", *CLASSES)
    for split, ids in {"train": (1,), "val": (2,), "test": (3,), "trainval": (1, 2)}.items():
        lines(folder / f"{split}classes.txt", *(CLASSES[i - 1] for i in ids))
        lines(folder / f"{split}ids.txt", *ids)


def cub(folder: Path, named: Sequence[str] = NAMES) -> Path:
    """Writes the index of a CUB tree, in an order of its own; no picture is in it."""
    names = sorted(named, key=lambda name: name[::-1])
    lines(folder / "images.txt", *(f"{i} {name}.jpg" for i, name in enumerate(names, 1)))
    boxes = (f"{i} {i}.0 2.0 3.0 4.0" for i in range(1, len(names) + 1))
    lines(folder / "bounding_boxes.txt", *boxes)
    return folder


def embeddings(name: str) -> np.ndarray:
    return np.random.default_rng(len(name)).normal(size=(2, SIZE)).astype(np.float32)


def codes(name: str) -> np.ndarray:
    """Codes [characters, captions] of a picture, as doubles."""
    return CharTokenizer().encode(captions(name)).T.astype(float)


def icml_file(name: str, **changes: Any) -> dict[str, Any]:
    own = {"img": f"{name}.jpg", "txt": embeddings(name), "char": codes(name)}
    return {**own, "word": np.ones((30, 2)), **changes}


def icml(folder: Path) -> Path:
    class_lists(folder)
    for name in NAMES:
        torch7_writer.save(folder / f"{name}.t7", icml_file(name))
    return folder


def cvpr(folder: Path) -> Path:
    """Writes each caption three times: as text, as numbers of ASCII, and as codes by class."""
    class_lists(folder)
    lines(folder / "manifest.txt", *(f"{name}.t7" for name in CLASSES))
    for name in NAMES:
        path = lines(folder / "text_c10" / f"{name}.txt", *captions(name))
        with h5py.File(path.with_suffix(".h5"), "w") as file:
            for index, caption in enumerate(captions(name), 1):
                file[f"txt{index}"] = np.array([float(ord(c)) for c in caption])
    for own in CLASSES:
        class_codes(folder, own, [name for name in NAMES if name.startswith(own)])
    return folder


def class_codes(folder: Path, class_name: str, names: list[str]) -> Path:
    """Writes a class's codes, a row a picture in the order of the `.txt` names."""
    ordered = sorted(names, key=lambda name: f"{name}.txt")
    rows = np.stack([codes(name) for name in ordered])
    return torch7_writer.save(folder / "text_c10" / f"{class_name}.t7", rows)
