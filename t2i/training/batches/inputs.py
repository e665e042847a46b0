"""What steps take: the pairs trained on, laid out for drawing, and how they are drawn."""

from dataclasses import dataclass
from pathlib import Path

from t2i.config.run import RunConfig, TrainingConfig
from t2i.errors import InputError
from t2i.models.contract import Facts, Needs
from t2i.pairs.reading import Pairs
from t2i.pairs.stored import OpenPairs
from t2i.training.batches.draw import Draw
from t2i.training.batches.order import Order
from t2i.training.batches.residence import Residence, choose_residence
from t2i.training.batches.table import Table, table


@dataclass(frozen=True, eq=False)
class Inputs:
    """The pairs trained on, and how they are drawn.

    Attributes:
        pairs: names, captions and classes; pictures and embeddings where they are held in memory.
        table: the same laid out, pictures and embeddings where they are held.
        order: in which pictures are looked at.
        draw: sizes and the seed of all draws.
        residence: where pictures and embeddings are held.
        reason: for that, in words.
    """

    pairs: Pairs
    table: Table
    order: Order
    draw: Draw
    residence: Residence
    reason: str

    @property
    def facts(self) -> Facts:
        """What the data say to a model."""
        return Facts(
            embedding_size=self.table.embedding.shape[1],
            channels=self.pairs.image.shape[3],
            embedding=self.table.embedding,
            steps_per_epoch=self.order.steps_per_epoch,
        )


def read_inputs(
    config: RunConfig, needs: Needs, data: OpenPairs, device_bytes: int | None
) -> Inputs:
    """Returns what the steps of a run take.

    Args:
        config: of the run.
        needs: of its model.
        data: the pairs file, which stays open where the pairs stay in it.
        device_bytes: see `choose_residence`.

    Raises:
        InputError: the pictures fill no batch, or are of one class, or have no embeddings.
    """
    training = config.training
    residence, reason = choose_residence(training, data.header, device_bytes)
    in_memory = residence != "file"
    pairs = data.read(training.splits, images=in_memory, embeddings=in_memory)
    _require_pictures(training, len(pairs.name))
    arrays = table(pairs)
    if not in_memory:
        arrays = arrays._replace(
            image=data.rows(training.splits, "image"),
            embedding=data.rows(training.splits, "embedding"),
        )
    order = Order(arrays.class_index, training.batch_size, config.seed, needs.group)
    _require_groups(training, order, data.path)
    draw = Draw(
        seed=config.seed,
        batch_size=training.batch_size,
        image_size=config.image_size,
        flip=training.flip,
        needs=needs,
    )
    return Inputs(pairs, arrays, order, draw, residence, reason)


def _require_pictures(training: TrainingConfig, pictures: int) -> None:
    """Raises InputError where the pictures trained on fill no batch."""
    if pictures < training.batch_size:
        raise InputError(
            f"training.batch_size: expected at most the {pictures} pictures of "
            f"{' + '.join(training.splits)}, got {training.batch_size}; "
            "make it smaller"
        )


def _require_groups(training: TrainingConfig, order: Order, data: Path) -> None:
    """Raises InputError where the pictures that have a group fill no batch."""
    if not order.steps_per_epoch:
        raise InputError(
            f"training.batch_size: expected at most the pictures of {data} in groups of "
            f"{order.group} of a class, got {training.batch_size}; make it smaller"
        )
