"""What the configurations of all models share, each key with its unit and its source.

`file` reads YAML into a model's configuration, and refuses what it does not know.
"""

from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import Field, model_validator

from t2i.config.metrics import METRICS
from t2i.config.section import Fraction, Positive, Section

Precision = Literal["float32", "mixed_bfloat16", "auto"]
Objective = Literal["cross_entropy", "hinge"]
# Keys of `training` that only say how long, how often and by what it is looked at: a run that began
# with others goes on with these.
MAY_CHANGE = (
    *("epochs", "checkpoint_every", "checkpoints_kept", "log_every", "sample_every", "samples"),
    *("evaluate_every", "evaluate_metrics", "evaluate_classes", "evaluate_count"),
    "evaluate_split",
)


class TextConfig(Section):
    """How captions become the condition.

    Attributes:
        captions_per_embedding: captions of a picture, drawn with replacement, whose embeddings
            are averaged. Source: 4 in the release of Reed et al., ICML 2016.
        whitened_components: principal components kept and scaled to unit variance, fitted on
            the captions trained on; 0 takes the embeddings as they are.
        whitening_floor: smallest variance divided by, as a fraction of the first component's.
        whitened_bound: largest size of a whitened component, in its standard deviations over the
            captions; 0 is none. A sentence unlike any caption, a short one above all, has
            components that no caption has; unbounded, G paints what it never painted.
    """

    captions_per_embedding: Positive = 4
    whitened_components: Annotated[int, Field(ge=0, le=65536)] = 0
    whitening_floor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.02
    whitened_bound: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.whitened_bound and not self.whitened_components:
            raise ValueError(
                "whitened_bound: expected 0 where whitened_components is 0, "
                f"got {self.whitened_bound}; keep some components, or leave it out"
            )
        return self


class AugmentationConfig(Section):
    """What is done to every picture that D looks at, real or generated; 0 leaves it out.

    Source: Zhao et al., DiffAugment (NeurIPS 2020); their strengths are 1/8, 1/2 and 1.

    Attributes:
        translation: farthest move along each axis, as a share of the picture's side.
        cutout: side of the square that is covered, as a share of the picture's.
        colour: strength of random brightness, saturation and contrast; hues stay.
    """

    translation: Fraction = 0.0
    cutout: Fraction = 0.0
    colour: Fraction = 0.0


class OptimizerConfig(Section):
    """Adam and its schedule, the same for both networks.

    Attributes:
        learning_rate: at the start.
        discriminator_ratio: D's learning rate as a multiple of G's. Source: the two time
            scales of Heusel et al. 2017, section 2; there D's is the larger.
        beta_1: Adam. Source: Radford et al. 2016.
        beta_2: Adam.
        epsilon: Adam.
        decay: `step` multiplies by `decay_factor` every `decay_epochs` epochs (Reed et al.);
            `linear` falls to 0 over the last `decay_share` of the run; `none` stays.
        decay_factor: see `decay`.
        decay_epochs: see `decay`.
        decay_share: see `decay`.
    """

    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 2e-4
    discriminator_ratio: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    beta_1: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5
    beta_2: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.999
    epsilon: Annotated[float, Field(gt=0.0, le=1.0)] = 1e-8
    decay: Literal["step", "linear", "none"] = "step"
    decay_factor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    decay_epochs: Positive = 100
    decay_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.4


class TrainingConfig(Section):
    """How long, how large, and what is kept.

    Attributes:
        splits: splits of the pairs file trained on.
        epochs: passes over the pictures; a picture left over from the last full batch waits
            for the next pass.
        batch_size: pictures a step over all replicas together.
        flip: mirror half of the pictures; off where captions tell left from right.
        ema: decay of the average of the generator's weights a step; 0 keeps none.
        precision: of the arithmetic; `auto` measures which is faster on this machine.
        data: where pictures and embeddings are held; what the device has no room for streams
            from the host's memory, or from the file. Whichever it is, the batches are the same.
        compile: the step by XLA or not; `auto` does on a single GPU, as on CPUs it is slower.
        steps_per_launch: steps run inside one call of the device.
        checkpoint_every: steps.
        checkpoints_kept: the newest.
        log_every: steps between the points of the curves.
        sample_every: steps between the painted grids.
        samples: sentences in the grid.
        evaluate_every: steps between evaluations, a multiple of `checkpoint_every`; 0 makes none.
            They want `t2i train --judge`.
        evaluate_metrics: see `t2i evaluate --help`; the best generator by the first is kept.
        evaluate_classes: what pictures should be taken for, for `top1`; see `t2i evaluate --help`.
        evaluate_count: pictures painted for each evaluation.
        evaluate_split: split that they are painted for. Numbers on the split that chooses the
            best are too good: report those on another.
    """

    splits: Annotated[list[Literal["train", "val", "test"]], Field(min_length=1)] = Field(
        default=["train", "val"]
    )
    epochs: Positive = 600
    batch_size: Positive = 64
    flip: bool = True
    ema: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    precision: Precision = "auto"
    data: Literal["auto", "device", "host", "file"] = "auto"
    compile: Literal["auto", "xla", "none"] = "auto"
    steps_per_launch: Positive = 50
    checkpoint_every: Positive = 1000
    checkpoints_kept: Positive = 3
    log_every: Positive = 50
    sample_every: Positive = 1000
    samples: Annotated[int, Field(ge=1, le=64)] = 8
    evaluate_every: Annotated[int, Field(ge=0, le=1 << 30)] = 0
    evaluate_metrics: Annotated[list[str], Field(min_length=1)] = Field(default=["fid"])
    evaluate_classes: str = ""
    evaluate_count: Positive = 1000
    evaluate_split: Literal["train", "val", "test"] = "val"

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if len(set(self.splits)) != len(self.splits):
            raise ValueError(f"splits: expected each once, got {self.splits}; drop the repeated")
        if self.batch_size % 2:
            raise ValueError(
                f"batch_size: expected an even number, got {self.batch_size}; GAN-INT pairs texts"
            )
        if self.evaluate_every % self.checkpoint_every:
            raise ValueError(
                f"evaluate_every: expected a multiple of checkpoint_every, "
                f"{self.checkpoint_every}, got {self.evaluate_every}; change one of them"
            )
        unknown = [name for name in self.evaluate_metrics if name not in METRICS]
        if unknown:
            raise ValueError(
                f"evaluate_metrics: expected some of {', '.join(METRICS)}, got {unknown[0]!r}"
            )
        return self


class RunConfig(Protocol):
    """What the configurations of all models have.

    Attributes:
        seed: of every random draw and of the first weights.
        model: by its name in `models.catalogue`.
        image_size: side of the generated pictures, pixels.
        text: how captions become the condition.
        optimizer: Adam and its schedule.
        training: how long, how large, and what is kept.
    """

    @property
    def seed(self) -> int:
        """See above."""
        ...

    @property
    def model(self) -> str:
        """See above."""
        ...

    @property
    def image_size(self) -> int:
        """See above."""
        ...

    @property
    def text(self) -> TextConfig:
        """See above."""
        ...

    @property
    def optimizer(self) -> OptimizerConfig:
        """See above."""
        ...

    @property
    def training(self) -> TrainingConfig:
        """See above."""
        ...

    def model_dump(self) -> dict[str, Any]:
        """Returns every key and value."""
        ...
