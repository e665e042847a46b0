"""What a run shows while it trains: curves, painted grids, TensorBoard, the projector."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.config.file import dump
from t2i.config.run import RunConfig
from t2i.evaluation.monitor import Monitor
from t2i.files.disk import replacing
from t2i.images.pixels import middle, save_image, to_uint8
from t2i.images.sheets import captioned_grid, grid
from t2i.models.contract import Painting
from t2i.pairs.stored import OpenPairs
from t2i.runs.directory import Run
from t2i.training.projector import project

# Pictures painted for each sentence of the grid, beside the real one.
_COLUMNS = 5


class Board:
    """Writes the curves and the grid of fixed sentences; only one worker has one."""

    def __init__(
        self,
        run: Run,
        config: RunConfig,
        data: OpenPairs,
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
        unseen = [split for split in ("test", "val") if split not in config.training.splits]
        filled = [split for split in unseen if data.header.images[split]]
        shown = filled[:1] or config.training.splits
        # The rest of the pictures and embeddings stays in the file.
        pairs = data.read(shown, images=False, embeddings=False)
        image, embedding = data.rows(shown, "image"), data.rows(shown, "embedding")
        chosen = np.linspace(0, len(pairs.name) - 1, config.training.samples).astype(int)
        rows = pairs.caption_offset[chosen]
        self._captions = [pairs.caption[row] for row in rows]
        self._embedding = embedding[rows].repeat(_COLUMNS, axis=0)
        latents = painting.prior.draw(_COLUMNS, [config.seed, 1])
        self._latent = np.tile(latents, (len(rows), 1))
        self._real = middle(image[chosen], config.image_size)
        self._paint = tf.function(lambda inputs: painting.network(inputs, training=False))
        self._introduce(config, shown)
        project(self._run.events, pairs, image, embedding)
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

    def export(self, step: int, weights: list[npt.NDArray[np.float32]]) -> None:
        """Writes what paints, of the checkpoint of this step and of the run."""
        self._network.set_weights(weights)
        kept = self._run.generator_of(step)
        with replacing(kept) as unfinished:
            self._network.save(unfinished)
        with replacing(self._run.generator) as unfinished:
            shutil.copyfile(kept, unfinished)

    def measure(self, step: int) -> dict[str, float]:
        """Measures what was exported, where that is due; returns what was measured."""
        if not self._monitor or not self._evaluate_every or step % self._evaluate_every:
            return {}
        measured = self._monitor.measure(step)
        self.log(step, measured)
        return measured

    def _introduce(self, config: RunConfig, shown: Sequence[str]) -> None:
        """Writes what does not change: captions, the configuration."""
        rows = "\n".join(f"{i + 1}. {caption}" for i, caption in enumerate(self._captions))
        with self._writer.as_default(0):
            tf.summary.text(
                "samples/captions", f"Rows from the top ({', '.join(shown)}):\n\n{rows}"
            )
            tf.summary.text("config", f"```\n{dump(config)}```")
        self._writer.flush()
