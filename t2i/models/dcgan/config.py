"""What the DCGAN is told: sizes and the weight of every term."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from t2i.config.run import (
    AugmentationConfig,
    Objective,
    OptimizerConfig,
    TextConfig,
    TrainingConfig,
)
from t2i.config.section import Fraction, Positive, Section, Weight


class NetworksConfig(Section):
    """Sizes of the two networks. Source: Reed et al., ICML 2016; sizes from their release.

    Attributes:
        generator_width: ngf; channels of the generator's last hidden layer.
        discriminator_width: ndf; channels of the discriminator's first layer.
        latent_size: numbers in z.
        text_size: numbers that an embedding is projected to, in each network.
        text_modulation: the text, joined to z at the start, also scales and shifts G's channels
            at every larger size, so that a part's colour may follow from its words wherever it
            is painted. Source: conditional batch normalisation, de Vries et al. 2017
            (1707.00683); Tao et al. 2022 (DF-GAN), section 3.3, whose maps are deeper, and
            the one way for the text into G.
        discriminator_norm: behind D's convolutions; `none` gives them biases instead. Source: Tao
            et al. 2022 (DF-GAN), whose D has none.
        synchronized_batch_norm: take batch statistics over all replicas.
    """

    generator_width: Positive = 128
    discriminator_width: Positive = 64
    latent_size: Positive = 100
    text_size: Positive = 128
    text_modulation: bool = False
    discriminator_norm: Literal["batch", "none"] = "batch"
    synchronized_batch_norm: bool = False


class LossesConfig(Section):
    """The weight of every term; a term of weight 0 is not computed.

    Attributes:
        objective: of D and G; see `models.losses`.
        real: D on {real picture, its text}.
        mismatched: D on {real picture, text of another class} (GAN-CLS).
        fake: D on {generated picture, its text}.
        interpolated_fake: D on pictures generated for interpolated texts. 0 in the paper.
        real_label: D's target for real pairs; below 1 is one-sided label smoothing.
            Source: Salimans et al. 2016, section 3.4.
        adversarial: G on {generated picture, its text}.
        interpolated: G on {picture for an interpolated text, that text} (GAN-INT).
        interpolation_beta: share of the first text in beta t1 + (1 - beta) t2.
        feature_matching: mean squared difference of batch-mean activations of D.
            Source: Salimans et al. 2016, section 3.1, with the mean over the activations in
            place of the sum, so that a weight means the same at every size.
        feature_matching_layer: side, in pixels, of the activations of D compared.
        l1: mean absolute difference of a generated picture and the real one of its text.
        gradient_penalty: half the squared norm of D's gradient at {real picture, its text}.
            Source: R1 of Mescheder et al. 2018, whose 10 is for larger pictures.
        gradient_penalty_every: steps from one penalty to the next, which counts for all of
            them. Source: lazy regularisation, Karras et al. 2020 (1912.04958), appendix B.
    """

    objective: Objective = "cross_entropy"
    real: Weight = 1.0
    mismatched: Weight = 0.5
    fake: Weight = 0.5
    interpolated_fake: Weight = 0.0
    real_label: Annotated[float, Field(gt=0.5, le=1.0)] = 1.0
    adversarial: Weight = 1.0
    interpolated: Weight = 1.0
    interpolation_beta: Fraction = 0.5
    feature_matching: Weight = 0.0
    feature_matching_layer: Positive = 4
    l1: Weight = 0.0
    gradient_penalty: Weight = 0.0
    gradient_penalty_every: Positive = 1


class Config(Section):
    """A run of `t2i train` with the DCGAN, the model where none is named.

    Attributes:
        seed: of every random draw and of the first weights.
        image_size: side of the generated pictures, pixels; a power of two.
    """

    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 0
    model: Literal["dcgan"] = "dcgan"
    image_size: Annotated[int, Field(ge=8, le=256)] = 64
    networks: NetworksConfig = NetworksConfig()
    text: TextConfig = TextConfig()
    losses: LossesConfig = LossesConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.losses.gradient_penalty and self.networks.discriminator_norm == "batch":
            raise ValueError(
                "losses.gradient_penalty: expected 0 where networks.discriminator_norm is batch, "
                "as a logit then depends on all pictures, "
                f"got {self.losses.gradient_penalty}; set discriminator_norm to none"
            )
        if self.losses.objective == "hinge" and self.losses.real_label != 1.0:
            raise ValueError(
                "losses.real_label: expected 1 where losses.objective is hinge, "
                f"got {self.losses.real_label}; leave one of them out"
            )
        if self.image_size & (self.image_size - 1):
            raise ValueError(
                f"image_size: expected a power of two from 8 to 256, got {self.image_size}"
            )
        layers = [1 << power for power in range(2, self.image_size.bit_length() - 1)]
        if self.losses.feature_matching_layer not in layers:
            raise ValueError(
                f"losses.feature_matching_layer: expected one of {layers}, "
                f"got {self.losses.feature_matching_layer}"
            )
        return self
