"""Captions' embeddings for TensorBoard's projector."""

from pathlib import Path

import numpy as np

from t2i.files.disk import replacing
from t2i.images.pixels import as_picture, save_image
from t2i.pairs.reading import Pairs
from t2i.pairs.stored import StoredRows

_PROJECTED = 600
_THUMBNAIL = 32


def project(folder: Path, pairs: Pairs, image: StoredRows, embedding: StoredRows) -> None:
    """Writes captions' embeddings for TensorBoard's projector, with sentences and thumbnails.

    Args:
        folder: of the event files.
        pairs: names, classes and captions of pairs; at most 600 are taken, spread over them.
        image: of these pairs, read a picture at a time.
        embedding: of these pairs.
    """
    chosen = np.unique(np.linspace(0, len(pairs.name) - 1, _PROJECTED).astype(int))
    rows = pairs.caption_offset[chosen]
    numbers = "\n".join("\t".join(f"{value:.5g}" for value in row) for row in embedding[rows])
    labels = "\n".join(
        f"{' '.join(pairs.caption[row].split())}\t{pairs.class_id[index]}\t{pairs.name[index]}"
        for index, row in zip(chosen, rows, strict=True)
    )
    # The projector cuts a square sheet of thumbnails, row by row.
    side = int(np.ceil(np.sqrt(len(chosen))))
    sheet = np.zeros((side * side, _THUMBNAIL, _THUMBNAIL, 3), np.uint8)
    for place, index in enumerate(chosen):
        (picture,) = image[np.array([index])]
        thumbnail = as_picture(picture).convert("RGB").resize((_THUMBNAIL, _THUMBNAIL))
        sheet[place] = np.asarray(thumbnail)
    sprite = sheet.reshape(side, side, _THUMBNAIL, _THUMBNAIL, 3).swapaxes(1, 2)
    save_image(folder / "captions.png", sprite.reshape(side * _THUMBNAIL, -1, 3))
    texts = {
        "captions.tsv": numbers,
        "captions_labels.tsv": f"caption\tclass\tname\n{labels}",
        "projector_config.pbtxt": (
            'embeddings {\n  tensor_name: "captions"\n  tensor_path: "captions.tsv"\n'
            '  metadata_path: "captions_labels.tsv"\n  sprite {\n'
            '    image_path: "captions.png"\n'
            f"    single_image_dim: {_THUMBNAIL}\n    single_image_dim: {_THUMBNAIL}\n  }}\n}}\n"
        ),
    }
    for name, text in texts.items():
        with replacing(folder / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
