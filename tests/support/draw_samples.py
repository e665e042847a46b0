"""How the tests of batches draw."""

from t2i.images.augmentation import CHANCES
from t2i.models.contract import Needs
from t2i.training.batches.draw import Draw

HOW = Draw(
    seed=3,
    batch_size=8,
    image_size=8,
    flip=True,
    needs=Needs(latent_size=5, captions=4, interpolation_beta=0.25, chances=CHANCES),
)
