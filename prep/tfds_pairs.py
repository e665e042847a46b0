"""Pairs files for TensorFlow Datasets: `import prep.tfds_pairs` makes `t2i_pairs` known to it.

tfds.load("t2i_pairs", split="train", builder_kwargs={"pairs": "birds.h5"})
"""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from prep.exports.pairs_file import PairsFile
from t2i.files.disk import sha256
from t2i.images.pixels import Pixels, as_picture
from t2i.pairs.structure import SPLITS

Row = Mapping[str, Any]


class T2iPairs(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
    """The pictures of a pairs file, with their captions and, once embedded, the embeddings."""

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, pairs: str | Path, **kwargs: Any) -> None:
        """Reads what the file says of itself.

        Args:
            pairs: the pairs file. The name of the configuration comes from its content, so that
                what TFDS keeps of one file is never taken for that of another.
            **kwargs: of every builder: `data_dir` and others.

        Raises:
            InputError: it is no pairs file.
        """
        self._pairs = PairsFile(Path(pairs))
        config = tfds.core.BuilderConfig(name=sha256(Path(pairs))[:16])
        super().__init__(**{**kwargs, "config": config})

    def _info(self) -> tfds.core.DatasetInfo:
        header = self._pairs.header
        features = {
            "image": tfds.features.Image(
                shape=(header.image_size, header.image_size, header.channels), encoding_format="png"
            ),
            "image/filename": tfds.features.Text(),
            "label": np.int64,
            "captions": tfds.features.Sequence(tfds.features.Text()),
        }
        if header.encoder:
            size = header.encoder.embedding_size
            features["embeddings"] = tfds.features.Tensor(shape=(None, size), dtype=np.float32)
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"{header.source}; made with {header.created_with}",
            features=tfds.features.FeaturesDict(features),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, Row]]]:
        del dl_manager
        return {
            split: self._generate_examples(split)
            for split in SPLITS
            if self._pairs.header.images[split]
        }

    def _generate_examples(self, split: str) -> Iterator[tuple[int, Row]]:
        for index, pair in enumerate(self._pairs.pairs_of(split)):
            row = {
                "image": io.BytesIO(_png(pair.image)),
                "image/filename": f"{pair.name}.png",
                "label": pair.class_id,
                "captions": list(pair.captions),
            }
            if self._pairs.header.encoder:
                row["embeddings"] = pair.embeddings
            yield index, row


def _png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    as_picture(pixels).save(file, "png")
    return file.getvalue()
