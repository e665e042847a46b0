"""What a run shows while it trains: curves, painted grids, TensorBoard, the projector."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i import configfile, pairs
from t2i.config import RunConfig
from t2i.evaluation.monitor import Monitor
from t2i.files import replacing
from t2i.images import as_picture, captioned_grid, grid, middle, save_image, to_uint8
from t2i.models.contract import Painting
from t2i.pairs import Pairs
from t2i.runs import Run

# Pictures painted for each sentence of the grid, beside the real one.
_COLUMNS = 5
_PROJECTED = 600
_THUMBNAIL = 32


class Board:
    """Writes the curves and the grid of fixed sentences; only one worker has one."""

    def __init__(
        self,
        run: Run,
        config: RunConfig,
        data: Path,
        painting: Painting,
        judge: Path | None = None,
    ) -> None:
        """Chooses the sentences, from classes never trained on where there are any.

        Args:
            run: where to write.
            config: of the run.
            data: the pairs file.
            painting: what paints; its weights are set before each time.
            judge: encoder pair that measures, where the configuration has it measured.
        """
        self._run, self._network = run, painting.network
        self._writer = tf.summary.create_file_writer(str(run.events))
        header = pairs.read_header(data)
        unseen = [split for split in ("test", "val") if split not in config.training.splits]
        shown = [split for split in unseen if header.images[split]][:1] or config.training.splits
        held = pairs.read(data, shown)
        chosen = np.linspace(0, len(held.name) - 1, config.training.samples).astype(int)
        rows = [int(held.caption_offset[index]) for index in chosen]
        self._captions = [held.caption[row] for row in rows]
        if held.embedding is None:
            raise RuntimeError("training reads no file without embeddings")
        self._embedding = held.embedding[rows].repeat(_COLUMNS, axis=0)
        latents = painting.prior.draw(_COLUMNS, [config.seed, 1])
        self._latent = np.tile(latents, (len(rows), 1))
        self._real = middle(held.image[chosen], config.image_size)
        self._paint = tf.function(lambda inputs: painting.network(inputs, training=False))
        self._introduce(config, held, shown)
        self._evaluate_every = config.training.evaluate_every
        self._monitor = Monitor(run, config, data, judge, painting) if judge else None

    def log(self, step: int, means: dict[str, float]) -> None:
        """Adds a point to every curve."""
        with self._writer.as_default(step):
            for name, value in means.items():
                tf.summary.scalar(name, value)
        with self._run.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **means}) + "\n")

    def paint(self, step: int, weights: list[npt.NDArray[np.float32]]) -> None:
        """Paints the grid, the real picture first in each row."""
        self._network.set_weights(weights)
        images = self._paint({"embedding": self._embedding, "latent": self._latent})
        painted = to_uint8(images.numpy()).reshape(-1, _COLUMNS, *self._real.shape[1:])
        sheet = np.concatenate([self._real[:, None], painted], axis=1)
        scale = max(1, 64 // self._real.shape[1])
        save_image(
            self._run.samples / f"{step:06d}.png", captioned_grid(sheet, self._captions, scale)
        )
        with self._writer.as_default(step):
            # The real picture is the first in each row.
            tf.summary.image("samples/real_and_painted", grid(sheet)[None])
        self._writer.flush()

    def export(self, step: int, weights: list[npt.NDArray[np.float32]]) -> dict[str, float]:
        """Writes G for painting, and measures it where that is due; returns what was measured."""
        self._network.set_weights(weights)
        with replacing(self._run.generator) as unfinished:
            self._network.save(unfinished)
        if not self._monitor or not self._evaluate_every or step % self._evaluate_every:
            return {}
        measured = self._monitor.measure(step, weights)
        self.log(step, measured)
        return measured

    def _introduce(self, config: RunConfig, held: Pairs, shown: Sequence[str]) -> None:
        """Writes what does not change: captions, the configuration, the projector."""
        rows = "\n".join(f"{i + 1}. {caption}" for i, caption in enumerate(self._captions))
        with self._writer.as_default(0):
            tf.summary.text(
                "samples/captions", f"Rows from the top ({', '.join(shown)}):\n\n{rows}"
            )
            tf.summary.text("config", f"```\n{configfile.dump(config)}```")
        self._writer.flush()
        project(self._run.events, held)


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
