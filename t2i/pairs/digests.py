"""Telling pairs from others: what an encoder, and what a run, was trained on."""

import hashlib
import json

import numpy as np

from t2i.pairs.reading import Header, Pairs


def digest(pairs: Pairs) -> str:
    """Returns the SHA-256, hexadecimal, of all that training an encoder takes from the pairs."""
    found = hashlib.sha256()
    for array in (pairs.image, pairs.class_id, pairs.caption_offset):
        found.update(repr(array.shape).encode())
        found.update(np.ascontiguousarray(array).data)
    found.update("\0".join(pairs.caption).encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def fingerprint(pairs: Pairs, header: Header) -> str:
    """Returns a hash that changes when other pictures, captions or embeddings are trained on."""
    digest = hashlib.sha256()
    digest.update(json.dumps([pairs.name, pairs.caption]).encode())
    digest.update(pairs.class_id.tobytes())
    digest.update(f"{header.image_size} {header.encoder}".encode())
    return digest.hexdigest()
