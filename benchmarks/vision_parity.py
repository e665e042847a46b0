"""How near the vision networks come to their reference implementation in PyTorch.

    pip install torch efficientnet-lite-pytorch
    python benchmarks/vision_parity.py

Prints, for each network and size, the largest difference of a logit and of a pooled feature, and
fails where a logit differs by 1e-4 of the largest or more.
"""

import argparse
import sys

import numpy as np

from t2i.vision.lite import build_lite, weights_path
from t2i.vision.networks import LITE_NETWORKS, LiteNetwork

TOLERANCE = 1e-4


def reference(network: LiteNetwork, pictures: np.ndarray) -> np.ndarray:
    """Returns the logits [n, 1000] that PyTorch computes of pictures 0..255 [n, s, s, 3]."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    # Its padding is that of TensorFlow for the size alone that it is built for.
    model = EfficientNet.from_pretrained(
        network.name, weights_path=str(weights_path(network)), image_size=pictures.shape[1]
    )
    model.eval()
    with torch.no_grad():
        scaled = torch.from_numpy((pictures - 127) / 128).permute(0, 3, 1, 2)
        return model(scaled).numpy()


def main() -> None:
    """Compares all networks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[96, 128, 224])
    sizes = parser.parse_args().sizes
    worst = 0.0
    for network in LITE_NETWORKS.values():
        for size in sizes:
            pictures = np.random.default_rng(size).uniform(0, 255, (4, size, size, 3))
            pictures = pictures.astype(np.float32)
            ours = np.asarray(build_lite(network, size)(pictures, training=False)["logits"])
            theirs = reference(network, pictures)
            apart = np.abs(ours - theirs).max() / np.abs(theirs).max()
            worst = max(worst, apart)
            print(f"{network.name} at {size} px: logits differ by {apart:.1e} of the largest")
    if worst >= TOLERANCE:
        sys.exit(f"expected less than {TOLERANCE}, got {worst}")


if __name__ == "__main__":
    main()
