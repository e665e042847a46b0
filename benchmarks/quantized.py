"""What weights of 8 bits save, and what they cost in the pictures.

    python benchmarks/quantized.py [RUN] [--sentences 64]

Exports RUN to ONNX with and without --quantize and paints the same sentences and latents by both,
in one thread.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
from machine import describe

from t2i.encoders.tokenizers import CharTokenizer
from t2i.exports.folders import export_onnx
from t2i.exports.source import load_source

COLOURS = ("red", "blue", "yellow", "black", "white", "brown", "green", "grey")
PARTS = ("belly", "head", "wings", "crown", "back", "tail", "breast", "throat")


def main() -> None:
    """Prints a line of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", default="birds", type=Path)
    parser.add_argument("--sentences", default=64, type=int)
    arguments = parser.parse_args()
    print(describe())
    source = load_source(arguments.run)
    texts = [
        f"a {COLOURS[i % 8]} bird with a {COLOURS[i // 8 % 8]} {PARTS[i * 5 % 8]}"
        for i in range(arguments.sentences)
    ]
    inputs = {
        "codes": CharTokenizer(source.encoder.config.length).encode(texts),
        "latent": source.painter.latents(len(texts), 0),
    }
    painted = []
    for smaller in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            export_onnx(source, out, smaller)
            size = (out / "model.onnx").stat().st_size
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(out / "model.onnx", options)
        started = time.process_time()
        painted.append(session.run(None, inputs)[0])
        spent = (time.process_time() - started) / len(texts)
        name = "8 bits" if smaller else "float32"
        print(f"{name}: {size / 1e6:.2f} MB, {1000 * spent:.1f} ms of CPU a picture")
    grey = 127.5 * np.abs(painted[1] - painted[0])
    print(
        f"difference, of 255: root mean square {np.sqrt(np.mean(grey**2)):.2f}, "
        f"in 99 of a hundred numbers below {np.quantile(grey, 0.99):.1f}, largest {grey.max():.0f}"
    )


if __name__ == "__main__":
    main()
