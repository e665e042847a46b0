"""An aelnouby file, as its converter wrote it."""

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

SIZE = 3
# Split, class, name, captions of each picture; the names sort into one another.
PICTURES = (
    ("train", "002.Jay", "Jay_1", ["a jay", "a blue jay", "a jay"]),
    ("train", "001.Ani", "Jay_1_0", ["an ani"]),
    ("valid", "004.Wren", "Wren_5", ["a wren", "wrens"]),
    ("test", "003.Owl", "Owl_7", ["an owl"] * 11),
)


def jpeg(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 9), (shade, 0, 255 - shade)).save(file, "JPEG")
    return file.getvalue()


def embeddings(shade: int, count: int) -> np.ndarray:
    return np.random.default_rng(shade).normal(size=(count, SIZE))


def write_file(path: Path, dtype: str = "f4", **creation: Any) -> Path:
    """Writes the pictures, each of its own shade.

    Source: aelnouby/Text-to-Image-Synthesis, convert_cub_to_hd5_script.py.
    """
    with h5py.File(path, "w", **creation) as file:
        for split in ("train", "valid", "test"):
            file.create_group(split)
        for shade, (split, folder, name, captions) in enumerate(PICTURES):
            stored = embeddings(shade, len(captions)).astype(dtype)
            for number, caption in enumerate(captions):
                group = file[split].create_group(f"{name}_{number}")
                group.create_dataset("name", data=name)
                group.create_dataset("img", data=np.void(jpeg(shade)))
                group.create_dataset("embeddings", data=stored[number])
                group.create_dataset("class", data=folder)
                text = np.array(f"{caption}\n").astype(object)
                group.create_dataset("txt", data=text, dtype=h5py.string_dtype())
    return path
