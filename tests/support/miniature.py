"""A miniature pairs file."""

from pathlib import Path

import numpy as np

from t2i.pairs.writing import write_embeddings, writing

EMBEDDING_SIZE = 6
# (split, class, pictures); the classes differ in size.
CLASSES = (("train", 1, 7), ("train", 2, 5), ("train", 3, 9), ("val", 4, 3), ("test", 5, 4))


def write_pairs(path: Path, image_size: int = 10, encoder: bytes = b"an encoder") -> Path:
    """Writes a pairs file whose pictures and embeddings tell their class."""
    random = np.random.default_rng(0)
    embeddings: dict[str, list[np.ndarray]] = {"train": [], "val": [], "test": []}
    with writing(path, image_size, "a test") as writer:
        for split, class_id, count in CLASSES:
            for index in range(count):
                image = random.integers(0, 256, (image_size, image_size, 3)).astype(np.uint8)
                image[..., 0] = 40 * class_id
                captions = [f"bird {index} of kind {class_id}, view {c}" for c in range(3)]
                writer.add(split, image, captions, class_id, f"{class_id:03d}.Kind/{index}")
                own = 0.1 * random.standard_normal((3, EMBEDDING_SIZE)).astype(np.float32)
                own[:, 0] = class_id
                embeddings[split].append(own)
    write_embeddings(path, embeddings, encoder, "char-cnn-gru", EMBEDDING_SIZE)
    return path
