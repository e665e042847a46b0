"""Every hyper-parameter of the encoders and their training, as `config.run` does for a GAN."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from t2i.config.section import Fraction, Positive, Section, Weight
from t2i.encoders.sentence_networks import SENTENCE_NETWORKS, SentenceNetwork


class ConvolutionConfig(Section):
    """A one-dimensional convolution with ReLU, and the max-pooling behind it.

    Attributes:
        filters: channels out.
        kernel_size: codes wide.
        pool_size: 1 is no pooling.
        pool_stride: codes from one window to the next; without pooling 1.
    """

    filters: Positive
    kernel_size: Positive = 4
    pool_size: Positive = 1
    pool_stride: Positive = 1

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.pool_size == 1 and self.pool_stride != 1:
            raise ValueError(
                f"pool_stride: expected 1 where pool_size is 1, got {self.pool_stride}; "
                "pool, or leave it out"
            )
        return self


# Keys of a text encoder that one on a frozen network has.
_OF_FROZEN = ("network", "taps", "length", "dropout", "embedding_size", "normalized")


class TextEncoderConfig(Section):
    """The shape of the text encoder.

    Attributes:
        network: `convolutional`, trained from nothing; or `all-minilm-l6-v2`, a frozen network
            that was trained on a billion pairs of sentences, below a layer that is. Of the keys
            below, the frozen one has `length`, `taps`, `dropout`, `embedding_size` and
            `normalized`.
        taps: layers of the frozen network whose means over a caption the trained layer reads,
            side by side; 0 is the words themselves, 6 the last layer.
        tokenizer: `char` reads the alphabet of 70; `sentencepiece` a vocabulary of word pieces.
        length: codes read of a caption; the rest is cut off.
        vocabulary_size: word pieces at most (sentencepiece).
        code_size: numbers learned for a word piece (sentencepiece); a character is one-hot.
        convolutions: from the codes up.
        batch_norm: behind every convolution; the published shapes have none.
        dropout: share of activations dropped behind every convolution; 0 as published. Of the
            frozen network's, before the trained layer.
        recurrent: `gru`, or `relu` for a plain recurrent layer with ReLU; or `none`, the char-CNN
            of Reed et al., CVPR 2016: the mean of what the convolutions find.
        mean_over: the whole `length`, padding included, as published; or the `caption` alone, so
            that a short one is not mostly padding, and alike whatever it says.
        separate_first_step: the first step is a layer of its own, without gates and recurrent
            bias, as in the released Torch networks. There its weights are those of the other
            steps; here they are equal in what is imported, and learned apart.
        recurrent_units: its width; nothing without it.
        embedding_size: numbers in an embedding.
        normalized: embeddings are brought to length 1.
    """

    network: Literal["convolutional", "all-minilm-l6-v2"] = "convolutional"
    taps: Annotated[list[int], Field(max_length=16)] = Field(default=[])
    tokenizer: Literal["char", "sentencepiece"] = "char"
    length: Annotated[int, Field(ge=1, le=4096)] = 201
    vocabulary_size: Annotated[int, Field(ge=16, le=64000)] = 2000
    code_size: Positive = 64
    convolutions: Annotated[list[ConvolutionConfig], Field(max_length=16)] = Field(default=[])
    batch_norm: bool = False
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    recurrent: Literal["gru", "relu", "none"] = "gru"
    separate_first_step: bool = False
    mean_over: Literal["length", "caption"] = "length"
    recurrent_units: Positive = 512
    embedding_size: Positive = 1024
    normalized: bool = False

    @property
    def frozen(self) -> SentenceNetwork | None:
        """The frozen network; None where all of the encoder is trained."""
        return SENTENCE_NETWORKS.get(self.network)

    @property
    def steps(self) -> list[int]:
        """Steps left of the text behind each convolution and its pooling."""
        left = [self.length]
        for layer in self.convolutions:
            windows = left[-1] - layer.kernel_size + 1 - layer.pool_size
            left.append(windows // layer.pool_stride + 1)
        return left[1:]

    @property
    def stride(self) -> int:
        """Codes from where one of the last steps begins to where the next does."""
        return math.prod(layer.pool_stride for layer in self.convolutions)

    @property
    def recurrent_layer(self) -> str:
        """The recurrent layer's name; empty without one."""
        return {"gru": "gru", "relu": "rnn", "none": ""}[self.recurrent]

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.frozen:
            self._check_frozen(self.frozen)
            return self
        if self.taps:
            raise ValueError(
                f"taps: expected none where network is convolutional, got {self.taps}; "
                "choose all-minilm-l6-v2, or leave it out"
            )
        if not self.convolutions:
            raise ValueError(
                "convolutions: expected one or more where network is convolutional, got none; "
                "choose all-minilm-l6-v2, or see `t2i configs encoder`"
            )
        if self.separate_first_step and self.recurrent == "none":
            raise ValueError(
                "separate_first_step: expected false where recurrent is none, got true; "
                "leave one of them out"
            )
        least = 2 if self.separate_first_step else 1
        for index, steps in enumerate(self.steps):
            if steps < least:
                raise ValueError(
                    f"convolutions.{index}: expected {least} or more steps left of length "
                    f"{self.length}, got {steps}; pool less or read a longer text"
                )
        return self

    def _check_frozen(self, network: SentenceNetwork) -> None:
        for key, field in type(self).model_fields.items():
            found, default = getattr(self, key), field.get_default()
            if key not in _OF_FROZEN and found != default:
                raise ValueError(
                    f"{key}: expected none where network is {network.name}, got {found}; "
                    "leave it out"
                )
        if not 2 < self.length <= network.positions:
            raise ValueError(
                f"length: expected 3 to {network.positions} where network is {network.name}, "
                f"got {self.length}; change it"
            )
        layers = range(network.layers + 1)
        if not self.taps or sorted({*self.taps} & {*layers}) != self.taps:
            raise ValueError(
                f"taps: expected layers from 0 to {network.layers}, each once and in order, got "
                f"{self.taps}; [{network.layers}] is the last alone"
            )


class ImageEncoderConfig(Section):
    """The image side of the joint embedding.

    Attributes:
        network: `convolutional`, trained with the text side; or a frozen network below a layer
            that is: `efficientnet-lite0`, `-lite1` or `-lite2`, whose weights are installed; or one
            of `keras.applications`, `InceptionV3` for example, when its weights are on disk.
        weights: path of those weights (`keras.applications`; `.weights.h5`, `.h5` or `.keras`).
        image_size: side of the pictures it reads, pixels; others are resized.
        width: channels of the first convolution (`convolutional`); doubled at each halving.
        dropout: before the last layer.
        crop: pictures are resized to `image_size + crop` pixels, of which the network sees a
            window: each batch of training another (`convolutional`), or always the middle.
        flip: mirror half of the pictures in training (`convolutional`); of a frozen network, the
            features are the mean of a picture's and its mirror image's. Not for captions that
            tell left from right.
        normalized: embeddings are brought to length 1.
    """

    network: str = "convolutional"
    weights: str | None = None
    image_size: Annotated[int, Field(ge=16, le=512)] = 64
    width: Positive = 32
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    crop: Annotated[int, Field(ge=0, le=256)] = 0
    flip: bool = False
    normalized: bool = False


class EncoderConfig(Section):
    """A run of `t2i-prep train-encoder`: the joint embedding of pictures and captions.

    Attributes:
        seed: of every random draw and of the first weights.
        splits: splits of the pairs file trained on: `[train]`, or `[train, val]`.
        text: the text side.
        image: the image side.
        loss: `structured`, of Reed et al., CVPR 2016; or `contrastive`, a choice among the batch.
        scale: of the inner products of embeddings that are chosen by (`contrastive`).
        instances: weight of the choice of a picture's own caption among those of its class
            (`contrastive`), beside that of its class among all.
        steps: updates.
        classes_per_batch: different classes in a batch (fewer when there are not as many).
        images_per_class: pictures of each, one caption each; pairs of one class are not
            pushed apart.
        excerpts: share of the captions of which a run of two words to all of them is read, so
            that a few words come to lie where captions lie that are about nothing else.
        optimizer: `rmsprop` as published, or `adam`.
        learning_rate: at the start.
        decay_factor: multiplies the rate every `decay_steps` steps; 1 keeps it.
        decay_steps: steps.
        linear_decay_share: the rate falls to 0 over this last share of the run; 0 does not.
        initial_range: weights start from U(-r, r); 0 takes the layers' own start.
        checkpoint_every: steps.
    """

    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 0
    splits: list[Literal["train", "val"]] = Field(default=["train"])
    text: TextEncoderConfig
    image: ImageEncoderConfig = ImageEncoderConfig()
    loss: Literal["structured", "contrastive"] = "structured"
    scale: Annotated[float, Field(gt=0.0, le=1000.0)] = 12.0
    instances: Weight = 0.0
    steps: Positive = 30000
    classes_per_batch: Annotated[int, Field(ge=2, le=4096)] = 40
    images_per_class: Positive = 1
    excerpts: Fraction = 0.0
    optimizer: Literal["rmsprop", "adam"] = "rmsprop"
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 7e-4
    decay_factor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.98
    decay_steps: Positive = 150
    linear_decay_share: Fraction = 0.0
    initial_range: Annotated[float, Field(ge=0.0, le=1.0)] = 0.08
    checkpoint_every: Positive = 500

    @model_validator(mode="after")
    def _checked(self) -> Self:
        # In this order alone: a judge is known by a digest of what it was trained on.
        if self.splits not in (["train"], ["train", "val"]):
            raise ValueError(
                f"splits: expected [train] or [train, val], got {self.splits}; write one of them"
            )
        if self.loss == "contrastive" and not (self.text.normalized and self.image.normalized):
            raise ValueError(
                "loss: expected structured where text or image is not normalized, "
                "got contrastive; set normalized: true in both"
            )
        return self
