"""Measuring many pictures: rows go to files a block at a time, so that a pass can go on.

Memory does not grow with the number of pictures, and what was measured once is not again.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from t2i.evaluation.measurers import Measurer
from t2i.evaluation.metrics.estimate import Rows
from t2i.evaluation.pictures import BLOCK, Pictures
from t2i.files.disk import reserved
from t2i.progress import Progress


def measured(
    pictures: Pictures, measurer: Measurer, cache: Path, what: str, progress: Progress
) -> dict[str, Rows]:
    """Returns the measurer's rows of all pictures, mapped from files.

    Args:
        pictures: to be measured.
        measurer: what measures them.
        cache: folder of the files, one for each pair of pictures and measurer.
        what: said of the pass.
        progress: called after each block.
    """
    count = len(pictures)
    stamp = measurer.stamp
    key = json.dumps([pictures.fingerprint, stamp.sha256, stamp.resize, BLOCK])
    folder = cache / hashlib.sha256(key.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: (folder / f"{name}.f32", width) for name, width in measurer.widths.items()}
    done = min(_rows(path, width) for path, width in files.values())
    if done < count:
        done = done // BLOCK * BLOCK
        with ExitStack() as opened:
            out = {}
            for name, (path, width) in files.items():
                file = opened.enter_context(path.open("ab"))
                file.truncate(done * width * 4)
                out[name] = file
            for start in range(done, count, BLOCK):
                progress(what, start, count)
                rows = np.arange(start, min(start + BLOCK, count))
                for name, values in measurer(pictures.at(rows)).items():
                    out[name].write(np.ascontiguousarray(values, np.float32).data)
                    out[name].flush()
    progress(what, count, count)
    return {
        name: np.memmap(path, np.float32, "r", shape=(_rows(path, width), width))[:count]
        for name, (path, width) in files.items()
    }


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Keeps a second process from measuring into the same folder.

    Raises:
        InputError: another process does already, or the folder can't be written.
    """
    in_use = "expected nobody else to evaluate there, got another; wait for it"
    with reserved(cache, in_use, "copy the run"):
        yield


def _rows(path: Path, width: int) -> int:
    return path.stat().st_size // (4 * width) if path.exists() else 0
