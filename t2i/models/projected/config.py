"""Hyper-parameters of the projected GAN: typed, frozen, strict, with their sources."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from t2i.config.run import OptimizerConfig, TextConfig, TrainingConfig
from t2i.config.section import Fraction, Positive, Section, Weight

_START = 8


class GeometryConfig(Section):
    """How far one standard deviation of a latent that is geometry moves the plane; 0 holds it.

    As far as things in the pictures differ: what pictures never show, G has to learn to undo.

    Attributes:
        turn: radians.
        size: as a logarithm of the scale.
        squeeze: wider and flatter, as a logarithm.
        right: as a share of half the picture's side.
        down: the same.
    """

    turn: Weight = 0.3
    size: Weight = 0.2
    squeeze: Weight = 0.1
    right: Weight = 0.25
    down: Weight = 0.2


class NetworksConfig(Section):
    """Sizes of the networks.

    Attributes:
        generator_widths: channels of G at 8, 16, ... pixels, up to the size of the pictures.
        latent_size: numbers in z; the first six are geometry.
        geometry: how much five of them do; the sixth mirrors.
        smoothed: the picture is averaged over 2x2 pixels twice, so that it can hold no weave of
            two pixels, which the strided convolutions that D looks through reward. Source: the
            binomial filter of Zhang 2019 (1904.11486), section 3.
        style_size: numbers that sentence and latent are joined to, for every layer of G.
        eyes: the frozen network that D looks through, by its name in `vision`.
        eyes_size: side of the pictures that it is shown, pixels; those of G are resized.
        head_width: channels of D's heads.
        key_size: numbers by which a head compares a picture with a sentence.
        companion_width: channels of the first layer of D's companion, which looks at pixels.
        companion_size: side of the windows that it is shown, pixels of the picture as it is.
        synchronized_batch_norm: take G's batch statistics over all replicas.
    """

    generator_widths: Annotated[list[Positive], Field(min_length=1, max_length=6)] = Field(
        default=[160, 80, 40, 24]
    )
    latent_size: Annotated[int, Field(ge=7, le=1 << 16)] = 64
    geometry: GeometryConfig = GeometryConfig()
    smoothed: bool = False
    style_size: Positive = 256
    eyes: Literal["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"] = (
        "efficientnet-lite0"
    )
    eyes_size: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 96
    head_width: Positive = 64
    key_size: Positive = 128
    companion_width: Positive = 24
    companion_size: Annotated[int, Field(ge=8, le=256, multiple_of=8)] = 64
    synchronized_batch_norm: bool = False


class LossesConfig(Section):
    """The weight of every term; a term of weight 0 is not computed. All hinges are of 1.

    Attributes:
        real: D on real pictures, whatever their sentence.
        fake: D on generated ones.
        adversarial: G on generated ones.
        matched: D on {real picture, its text}, and G on {generated picture, its text}.
        mismatched: D on {real picture, text of another class} (GAN-CLS).
        unmatched: D on {generated picture, its text}.
        companion: D's companion on windows of both, and G on those of generated ones. A frozen
            network was made to see objects: what it overlooks, a weave of a few pixels say, G is
            free to paint, unless somebody looks at the pixels too.
        contrastive: cross-entropy of a picture's own sentence among all of the batch, those of
            its class left out; D learns it on real pictures, G follows it with generated ones.
            Source: Zhang et al. 2021, XMC-GAN (2101.04702), section 4.2.
        temperature: that the cosines of `contrastive` are divided by.
        energy: generalised energy distance between two generated pictures of a sentence and two
            real ones of its class, in the mixed maps. Source: Gritsenko et al. 2020 (2008.01160),
            section 3.
        feature_matching: mean squared difference of batch-mean mixed maps. Source: Salimans et
            al. 2016, section 3.1, with the mean over activations in place of the sum.
        interpolated: G on {picture for an interpolated text, that text} (GAN-INT).
        interpolation_beta: share of the first text in beta t1 + (1 - beta) t2.
    """

    real: Weight = 1.0
    fake: Weight = 1.0
    adversarial: Weight = 1.0
    matched: Weight = 0.0
    mismatched: Weight = 0.0
    unmatched: Weight = 0.0
    companion: Weight = 0.0
    contrastive: Weight = 1.0
    temperature: Annotated[float, Field(gt=0.0, le=100.0)] = 0.2
    energy: Weight = 0.5
    feature_matching: Weight = 0.0
    interpolated: Weight = 0.0
    interpolation_beta: Fraction = 0.5


class ViewConfig(Section):
    """What is done to every picture that D looks at, real or generated; 0 leaves it out.

    Source: Zhao et al., DiffAugment (NeurIPS 2020); strengths of the colours and of cutout are
    less than theirs, as captions name colours.

    Attributes:
        translation: farthest move of the window along each axis, as a share of the picture's side.
        zoom: most that the window is larger or smaller than the picture, as a share of its side.
        cutout: side of the square that is covered, as a share of the window's.
        colour: strength of random brightness, saturation and contrast; hues stay.
    """

    translation: Fraction = 0.1
    zoom: Annotated[float, Field(ge=0.0, le=0.5)] = 0.125
    cutout: Fraction = 0.4
    colour: Fraction = 0.4


class Config(Section):
    """A run of `t2i train` with `model: projected`.

    Attributes:
        seed: of every random draw and of the first weights.
        image_size: side of the generated pictures, pixels; a power of two.
    """

    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 0
    model: Literal["projected"]
    image_size: Annotated[int, Field(ge=8, le=256)] = 64
    networks: NetworksConfig = NetworksConfig()
    text: TextConfig = TextConfig()
    losses: LossesConfig = LossesConfig()
    augmentation: ViewConfig = ViewConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _checked(self) -> Self:
        widths = self.networks.generator_widths
        painted = _START << (len(widths) - 1)
        if painted != self.image_size:
            raise ValueError(
                f"networks.generator_widths: expected a width for each of 8, 16, ... "
                f"{self.image_size} pixels, got {len(widths)}, which end at {painted}"
            )
        if self.losses.companion and self.networks.companion_size > self.image_size:
            raise ValueError(
                f"networks.companion_size: expected at most image_size, {self.image_size}, got "
                f"{self.networks.companion_size}"
            )
        return self
