"""Captions' embeddings for TensorBoard's projector."""

from pathlib import Path

import numpy as np

from t2i.files.disk import replacing
from t2i.images.pixels import as_picture, save_image
from t2i.pairs.reading import Pairs

_PROJECTED = 600
_THUMBNAIL = 32


def project(folder: Path, held: Pairs) -> None:
    """Writes captions' embeddings for TensorBoard's projector, with sentences and thumbnails.

    Args:
        folder: of the event files.
        held: pairs with embeddings; at most 600 are taken, spread over them.
    """
    if held.embedding is None:
        raise ValueError("the pairs hold no embeddings")
    chosen = np.unique(np.linspace(0, len(held.name) - 1, _PROJECTED).astype(int))
    rows = held.caption_offset[chosen]
    embedding = "\n".join(
        "\t".join(f"{value:.5g}" for value in held.embedding[row]) for row in rows
    )
    labels = "\n".join(
        f"{' '.join(held.caption[row].split())}\t{held.class_id[index]}\t{held.name[index]}"
        for index, row in zip(chosen, rows, strict=True)
    )
    # The projector cuts a square sheet of thumbnails, row by row.
    side = int(np.ceil(np.sqrt(len(chosen))))
    sheet = np.zeros((side * side, _THUMBNAIL, _THUMBNAIL, 3), np.uint8)
    for place, index in enumerate(chosen):
        thumbnail = as_picture(held.image[index]).convert("RGB").resize((_THUMBNAIL, _THUMBNAIL))
        sheet[place] = np.asarray(thumbnail)
    sprite = sheet.reshape(side, side, _THUMBNAIL, _THUMBNAIL, 3).swapaxes(1, 2)
    save_image(folder / "captions.png", sprite.reshape(side * _THUMBNAIL, -1, 3))
    texts = {
        "captions.tsv": embedding,
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
