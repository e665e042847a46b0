"""Telling pairs from others: what an encoder, and what a run, was trained on."""

import hashlib
import json
from typing import Any

import numpy as np

from t2i.pairs.reading import Header, Pairs

# Rows that are hashed at a time, where they stay in the file.
_HASHED = 4096


def digest(pairs: Pairs) -> str:
    """Returns the SHA-256, hexadecimal, of all that training an encoder takes from the pairs."""
    found = hashlib.sha256()
    for array in (pairs.image, pairs.class_id, pairs.caption_offset):
        found.update(repr(array.shape).encode())
        for start in range(0, array.shape[0], _HASHED):
            found.update(np.ascontiguousarray(array[start : start + _HASHED]).data)
    found.update("\0".join(pairs.caption).encode("utf-8", "surrogatepass"))
    return found.hexdigest()


# What a fingerprint of pixels begins with; older ones had none.
OF_PIXELS = "pixels:"


def fingerprint(pairs: Pairs, header: Header, image: Any, embedding: Any) -> str:
    """Returns a hash that changes when other pictures, captions or embeddings are trained on.

    Args:
        pairs: names, captions and classes of what is trained on.
        header: of the file.
        image: uint8 [n, S, S, C], in memory or stored.
        embedding: float32 [m, d], in memory or stored.
    """
    digest = hashlib.blake2b(digest_size=32)
    digest.update(fingerprint_without_pixels(pairs, header).encode())
    digest.update(pairs.caption_offset.astype(np.int64).tobytes())
    for rows in (image, embedding):
        digest.update(repr(rows.shape).encode())
        for start in range(0, rows.shape[0], _HASHED):
            digest.update(np.ascontiguousarray(rows[start : start + _HASHED]).data)
    return OF_PIXELS + digest.hexdigest()


def fingerprint_without_pixels(pairs: Pairs, header: Header) -> str:
    """Returns the hash that older runs began with: of all but pixels and embeddings."""
    digest = hashlib.sha256()
    digest.update(json.dumps([pairs.name, pairs.caption]).encode())
    digest.update(pairs.class_id.tobytes())
    digest.update(f"{header.image_size} {header.encoder}".encode())
    return digest.hexdigest()
