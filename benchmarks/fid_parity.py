"""Whether our FID is the FID that papers print: the network of `pytorch-fid` beside ours.

    python benchmarks/fid_parity.py [--torch-python PYTHON] [--count 64]

`pytorch-fid` (with torch, torchvision and scipy; in an environment of its own, if PYTHON is that
environment's) gets random weights, writes them as a checkpoint in both of PyTorch's formats, and
computes the features of random pictures of several sizes and the distance between two sets. The
checkpoint is then read by `t2i import-inception`, and the same is computed here.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FEATURE_TOLERANCE = 1e-4
DISTANCE_TOLERANCE = 1e-3
SIZES = (64, 256, 299)


def main() -> int:
    """Prints the differences and, last, a line of JSON; returns 1 when one is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--count", type=int, default=64, help="pictures of each size")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.make, arguments.count)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [arguments.torch_python, __file__, "--make", name, "--count", arguments.count]
        subprocess.run(list(map(str, command)), check=True)
        figures = compare(folder)
    print(json.dumps(figures))
    wrong = figures["features"] > FEATURE_TOLERANCE or figures["fid"] > DISTANCE_TOLERANCE
    return int(wrong)


def make(folder: Path, count: int) -> None:
    """Writes checkpoints, pictures, and what `pytorch-fid` computes of them."""
    import torch
    from pytorch_fid import fid_score, inception

    def random_weights(*_: object, **__: object) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        network = inception._inception_v3(num_classes=1008, aux_logits=False, weights=None)
        state = network.state_dict()
        for key, value in state.items():
            if value.ndim == 4:
                value.normal_(0.0, (2.0 / value[0].numel()) ** 0.5)
            elif key.endswith(("weight", "running_var")):
                value.uniform_(0.5, 1.5)
            elif value.dtype == torch.float32:
                value.normal_(0.0, 0.1)
        torch.save(state, folder / "new.pth")
        torch.save(state, folder / "old.pth", _use_new_zipfile_serialization=False)
        return state

    # The checkpoint that the package downloads is not to be had everywhere.
    inception.load_state_dict_from_url = random_weights
    network = inception.InceptionV3().eval()
    random = np.random.default_rng(0)
    features = {}
    for size in SIZES:
        images = pictures(random, count, size)
        with torch.no_grad():
            batch = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
            rows = [network(part)[0][:, :, 0, 0].numpy() for part in batch.split(16)]
        features[f"images_{size}"] = images
        features[f"features_{size}"] = np.concatenate(rows)
    first, second = (features[f"features_{size}"].astype(np.float64) for size in SIZES[:2])
    distances = {}
    # All features, of a covariance that lacks rank; and few enough for one that does not.
    for width in (first.shape[1], count // 4):
        sets = [(rows[:, :width].mean(axis=0), np.cov(rows[:, :width], rowvar=False))
                for rows in (first, second)]  # fmt: skip
        distance = fid_score.calculate_frechet_distance(*sets[0], *sets[1])
        distances[f"fid_{width}"] = np.asarray(distance)
    np.savez(folder / "theirs.npz", **features, **distances)


def pictures(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Returns uint8 [count, size, size, 3]: noise at several scales, so that they differ."""
    total = np.zeros((count, size, size, 3))
    for cells in (2, 5, 16, size):
        coarse = random.normal(size=(count, cells, cells, 3))
        at = np.arange(size) * cells // size
        total += coarse[:, at][:, :, at]
    return np.clip(127 + 50 * total, 0, 255).astype(np.uint8)


def compare(folder: Path) -> dict[str, float]:
    """Returns the largest relative differences."""
    from machine import describe

    from t2i.evaluation.metrics.fid import frechet_distance, joined, moments
    from t2i.files.pth import read_tensors
    from t2i.vision.inception import import_inception, load_inception

    old, new = (read_tensors(folder / name) for name in ("old.pth", "new.pth"))
    if old.keys() != new.keys() or any((old[key] != new[key]).any() for key in old):
        raise SystemExit("the two formats were read to different weights")
    import_inception(folder / "old.pth", folder / "inception.keras")
    network = load_inception(folder / "inception.keras").model
    theirs = np.load(folder / "theirs.npz")
    print(describe())
    print(f"{'pictures':>10}{'largest difference / largest feature':>40}")
    ours, worst = {}, 0.0
    for size in SIZES:
        images = theirs[f"images_{size}"]
        rows = [
            np.asarray(network(images[at : at + 16].astype(np.float32), training=False)["features"])
            for at in range(0, len(images), 16)
        ]
        ours[size], expected = np.concatenate(rows), theirs[f"features_{size}"]
        difference = float(np.abs(ours[size] - expected).max() / np.abs(expected).max())
        print(f"{size:>7} px{difference:>40.2e}")
        worst = max(worst, difference)
    distances = 0.0
    for key in theirs.files:
        if key.startswith("fid_"):
            width = int(key.removeprefix("fid_"))
            sets = [joined(moments(ours[size][:, :width])) for size in SIZES[:2]]
            found, expected = frechet_distance(*sets), float(theirs[key])
            print(f"FID of {width} features: theirs {expected:.6f}, ours {found:.6f}")
            distances = max(distances, abs(found - expected) / expected)
    return {"features": worst, "fid": distances}


if __name__ == "__main__":
    sys.exit(main())
