"""MATLAB files of level 5: two that SciPy wrote, and a writer of lists like the published ones."""

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
# note: text; labels: 77 77 1 300, double; ids: [[5, 6], [7, 8]], uint16; small: 3 1, uint8.
BY_SCIPY = HEADER + base64.b64decode(
    "DgAAADAAAAAGAAAACAAAAAQAAAAAAAAABQAAAAgAAAABAAAABAAAAAEABABub3RlEAAEAHRleHQOAAAAWAAAAAYA"
    "AAAIAAAABgAAAAAAAAAFAAAACAAAAAEAAAAEAAAAAQAAAAYAAABsYWJlbHMAAAkAAAAgAAAAAAAAAABAU0AAAAAA"
    "AEBTQAAAAAAAAPA/AAAAAADAckAOAAAAOAAAAAYAAAAIAAAACwAAAAAAAAAFAAAACAAAAAIAAAACAAAAAQADAGlk"
    "cwAEAAAACAAAAAUABwAGAAgADgAAADgAAAAGAAAACAAAAAkAAAAAAAAABQAAAAgAAAABAAAAAgAAAAEAAAAFAAAA"
    "c21hbGwAAAACAAIAAwEAAA=="
)
BY_SCIPY_PACKED = HEADER + base64.b64decode(
    "DwAAACoAAAB4nONjYGAwAGI2IOYAYhYGCGCF8hmhYoxAMi+/JFUASJekVpQAAClVA/cPAAAAOgAAAHic42NgYIgA"
    "YjYg5oDSIMAK5TMCMQuUBsnlJCal5hQzMHAC2QpQtQwOwQ4oNMMHezB1oMgBANpsB3cPAAAALgAAAHic42NgYLAA"
    "YjYg5gBibgYIYIXymaCYkYGZITOlmIEFKs7KwA7Uw8EAADFqAdsPAAAALAAAAHic42NgYLAAYjYg5gBiTgYIYIXy"
    "GYGYCUqDxIpzE3NywGJMDMxAQQA11AKV"
)


def element(kind: int, data: bytes) -> bytes:
    padding = 0 if kind == 15 else -len(data) % 8
    return struct.pack("<II", kind, len(data)) + data + bytes(padding)


def variable(name: str, numbers: Sequence[float], packed: bool = True) -> bytes:
    parts = [
        element(6, struct.pack("<II", 6, 0)),
        element(5, struct.pack("<ii", 1, len(numbers))),
        element(1, name.encode()),
        element(9, struct.pack(f"<{len(numbers)}d", *numbers)),
    ]
    matrix = element(14, b"".join(parts))
    return element(15, zlib.compress(matrix)) if packed else matrix


def write_mat(path: Path, variables: Mapping[str, Sequence[float]]) -> Path:
    path.write_bytes(HEADER + b"".join(variable(*item) for item in variables.items()))
    return path
