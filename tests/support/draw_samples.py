"""How the tests of batches draw."""

from t2i.batches import Draw

HOW = Draw(
    seed=3,
    batch_size=8,
    image_size=8,
    latent_size=5,
    flip=True,
    captions=4,
    interpolation_beta=0.25,
)
