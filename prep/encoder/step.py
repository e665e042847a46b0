"""The training step of the encoder, on the device: one call of it runs several steps."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from prep.encoder.batches import Draws, Sampler
from prep.encoder.joint_embedding import contrastive_joint_embedding, structured_joint_embedding
from prep.encoder.remembered import Remembered
from t2i.compute.kernels.adam import FusedAdam
from t2i.compute.kernels.batch_norm import FusedBatchNormalization
from t2i.encoders.config import EncoderConfig
from t2i.encoders.image import ImageEncoder, build_image_encoder
from t2i.encoders.phrases import encode
from t2i.encoders.text import TextEncoder
from t2i.images.cropping import crop
from t2i.pairs.reading import Pairs
from t2i.progress import Progress, silent


def image_side_to_train(config: EncoderConfig) -> ImageEncoder:
    """Returns the image side of the configuration, its batch normalisation in one kernel."""
    size = config.text.embedding_size
    return build_image_encoder(config.image, size, normalization=FusedBatchNormalization)


def with_stock_layers(config: EncoderConfig, images: ImageEncoder) -> ImageEncoder:
    """Returns what was trained with stock layers alone, which any Keras loads."""
    if images.frozen is not None:
        return images
    stock = build_image_encoder(config.image, config.text.embedding_size)
    stock.trained.set_weights(images.trained.get_weights())
    return stock


class EncoderTraining:
    """Both sides of the joint embedding, their optimizer, and the data they learn from.

    A step is a pure function of (weights, optimizer, draws): pictures lie on the device, and
    whatever is drawn comes from `Sampler`.
    """

    def __init__(
        self,
        config: EncoderConfig,
        data: Pairs,
        encoder: TextEncoder,
        images: ImageEncoder,
        progress: Progress = silent,
    ) -> None:
        """Reads what frozen networks make of the data; the progress is of the captions."""
        self._config = config
        read = encoder.inputs
        if encoder.frozen:
            read = Remembered(read, data.caption, progress)
        self._sampler = Sampler(data, config, read)
        self._text, self._image = encoder.model, images.trained
        self._pictures = images.frozen is None
        self._inputs = tf.constant(images.inputs(data.image, config.image.crop))
        self._variables = self._text.trainable_variables + self._image.trainable_variables
        self._dropouts = [
            layer
            for layer in self._text.layers + self._image.layers
            if isinstance(layer, keras.layers.Dropout)
        ]
        if config.initial_range:
            self._initialise()
        if config.optimizer == "adam":
            self.optimizer = FusedAdam(config.learning_rate)
        else:
            # As Torch's, which adds 1e-8 to the root; Keras adds its epsilon under it.
            self.optimizer = keras.optimizers.RMSprop(config.learning_rate, rho=0.99, epsilon=1e-16)
        # Before anything is restored: what is not there yet can't be told from what is missing.
        self.optimizer.build(self._variables)
        self._run = tf.function(self._steps, reduce_retracing=True)

    @property
    def batch_size(self) -> int:
        """Pictures in a batch, and captions."""
        return self._sampler.classes * self._config.images_per_class

    def run(self, first: int, end: int) -> npt.NDArray[np.float32]:
        """Runs steps `first` to `end` - 1; returns the loss before each, [end - first]."""
        draws = self._sampler.draw(first, end)
        losses: npt.NDArray[np.float32] = self._run(Draws(*map(tf.constant, draws))).numpy()
        return losses

    def _initialise(self) -> None:
        """Gives every weight a uniform start, as released; batch normalisation keeps its own."""
        rng = np.random.default_rng(self._config.seed)
        limit = self._config.initial_range
        for variable in self._variables:
            if variable.name not in ("gamma", "beta"):
                variable.assign(rng.uniform(-limit, limit, variable.shape))

    def _steps(self, draws: Draws) -> Any:
        count = tf.shape(draws.step)[0]
        losses = tf.TensorArray(tf.float32, count)
        for i in tf.range(count):
            losses = losses.write(i, self._step(Draws(*(part[i] for part in draws))))
        return losses.stack()

    def _step(self, draw: Draws) -> Any:
        # A dropout layer draws from a counter of its own, which would start anew on resume.
        for index, layer in enumerate(self._dropouts):
            key = tf.constant((self._config.seed * 64 + index) % 2**32, tf.uint32)
            layer.seed_generator.state.assign(tf.stack([key, tf.cast(draw.step, tf.uint32)]))
        self.optimizer.learning_rate.assign(draw.learning_rate)
        with tf.GradientTape() as tape:
            image = self._image(self._batch(draw), training=True)
            text = self._embedded(draw.text)
            loss = self._loss(image, text, draw.class_id)
        self.optimizer.apply(tape.gradient(loss, self._variables), self._variables)
        return loss

    def _loss(self, image: Any, text: Any, class_id: Any) -> Any:
        config = self._config
        if config.loss == "contrastive":
            return contrastive_joint_embedding(
                image, text, class_id, config.scale, config.instances
            )
        return structured_joint_embedding(image, text, class_id, self._sampler.classes)

    def _embedded(self, text: Any) -> Any:
        shape = self._config.text
        if shape.frozen or shape.batch_norm or shape.dropout:
            # The two look at the batch place by place: what recurs must be there each time. In
            # features nothing recurs.
            return self._text(text, training=True)
        return encode(self._text, shape, text)

    def _batch(self, draw: Draws) -> Any:
        """Returns the pictures of a batch, windowed and mirrored; or their frozen features."""
        if not self._pictures:
            return tf.gather(self._inputs, draw.image)
        side = self._config.image.image_size
        return crop(self._inputs, draw.image, draw.window[None], draw.flip, side)
