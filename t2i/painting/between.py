"""Ways between two sentences, or two latents."""

import numpy as np

from t2i.models.contract import Floats


def between(first: Floats, second: Floats, steps: int) -> Floats:
    """Returns embeddings on the line from first [d] to second [d], [steps, d], ends included."""
    share = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
    return first + share * (second - first)


def between_latents(first: Floats, second: Floats, steps: int) -> Floats:
    """Returns latents on the great arc from first [z] to second [z], [steps, z], ends included.

    On a line, the middle would be shorter than any latent that G was trained on.

    Source: White 2016, "Sampling generative networks", arXiv 1609.04468.
    """
    cosine = np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    share = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
    if np.sin(angle) < 1e-6:
        return between(first, second, steps)
    arc = np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    latents: Floats = (arc / np.sin(angle)).astype(np.float32)
    return latents
