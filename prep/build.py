"""Captioned pictures in a source tree -> a pairs file, on all cores and in bounded memory."""

import os
import signal
import struct
import time
import warnings
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from prep.cub import Box, Fault
from prep.examples import Example
from t2i.errors import InputError
from t2i.files import replacing
from t2i.images import Pixels
from t2i.pairs import SPLITS
from t2i.pairs_writing import writing

# StackGAN's crop reaches half as far again as the longer side of the box.
_CROP_SCALE = 1.5
_MAX_PICTURE_BYTES = 1 << 26
_MAX_PIXELS = 50_000_000

# Pictures a worker is handed at once: enough to hide the hand-over, few enough to bound memory.
_CHUNK = 8

Item = Example | Fault
Prepared = tuple[Example, Pixels] | Fault


@dataclass(frozen=True)
class Summary:
    """What a build made.

    Attributes:
        images: pictures in each split.
        captions: captions in each split.
        bad: pictures that could not be used.
        seconds: it took.
        report: the file that lists the bad ones, or None when there are none.
    """

    images: Mapping[str, int]
    captions: Mapping[str, int]
    bad: int
    seconds: float
    report: Path | None


def build_pairs(
    items: Iterable[Item],
    split_of: Mapping[int, str],
    out: Path,
    image_size: int,
    source: str,
    workers: int | None = None,
    skip_bad: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Summary:
    """Returns what was written to `out`: the pictures cropped and resized, with their captions.

    Pictures that can't be used are listed beside the output, in `STEM.report.txt`.

    Args:
        items: the pictures; the file keeps their order, whatever the number of workers.
        split_of: the split of each class number.
        out: the pairs file to write or replace.
        image_size: side of the square pictures, pixels.
        source: where the pictures come from, in words.
        workers: processes that decode; None takes one for each core at hand, 1 stays in this one.
        skip_bad: leave out what can't be used, instead of failing.
        progress: called with the number of pictures done since the last call.

    Raises:
        InputError: some pictures can't be used and `skip_bad` is off, no picture is left to
            train on, or a worker died. `out` is then as it was before.
    """
    start = time.perf_counter()
    workers = workers or len(os.sched_getaffinity(0))
    report = out.with_name(f"{out.stem}.report.txt")
    images, captions = dict.fromkeys(SPLITS, 0), dict.fromkeys(SPLITS, 0)
    faults: list[Fault] = []
    with (
        writing(out, image_size, source) as pairs,
        closing(_all_prepared(items, image_size, workers)) as all_prepared,
    ):
        for prepared in all_prepared:
            progress(1)
            if isinstance(prepared, Fault):
                faults.append(prepared)
                continue
            example, pixels = prepared
            split = split_of[example.class_id]
            pairs.add(split, pixels, example.captions, example.class_id, example.name)
            images[split] += 1
            captions[split] += len(example.captions)
        if faults:
            _write_report(report, faults)
        else:
            report.unlink(missing_ok=True)
        if faults and not skip_bad:
            raise InputError(
                f"{out}: expected pictures that can all be used, got {len(faults)} that can't; "
                f"see {report}, or leave them out with --skip-bad"
            )
        if not images["train"]:
            raise InputError(
                f"{out}: expected pictures in the train split, got none; "
                "check the class lists against the pictures"
            )
    seconds = time.perf_counter() - start
    return Summary(images, captions, len(faults), seconds, report if faults else None)


def prepare(items: Iterable[Item], size: int) -> list[Prepared]:
    """Returns each example with its picture, uint8 [size, size, 3], or why it has none."""
    return [item if isinstance(item, Fault) else _prepared(item, size) for item in items]


def crop_and_resize(picture: Image.Image, box: Box | None, size: int) -> Pixels:
    """Returns uint8 [size, size, 3]: the surroundings of the box, or the whole picture.

    The crop is a square of 1.5 times the longer side of the box around the box's centre,
    clipped to the picture; what the clipping leaves is resized to a square all the same.
    Each pixel is the mean of those whose centres lie in it.

    Args:
        picture: RGB.
        box: (x, y, width, height) in pixels, or None.
        size: pixels.

    Raises:
        InputError: the box is smaller than a pixel or its centre lies outside the picture.
            Published boxes reach over the border by up to 20 pixels, so that is no fault.

    Source: Zhang et al., StackGAN (ICCV 2017), released code; there the centre and the half
        side are cut to whole pixels, here they stay as they are.
    """
    if box is None:
        return np.asarray(picture.resize((size, size), Image.Resampling.BOX))
    x, y, width, height = box
    centre_x, centre_y = x + width / 2, y + height / 2
    inside = 0 <= centre_x <= picture.width and 0 <= centre_y <= picture.height
    if not inside or min(width, height) < 1:
        raise InputError(
            f"expected a box inside the {picture.width} x {picture.height} picture, "
            f"got x {x:g}, y {y:g}, width {width:g}, height {height:g}"
        )
    reach = _CROP_SCALE * max(width, height) / 2
    region = (
        max(0.0, centre_x - reach),
        max(0.0, centre_y - reach),
        min(float(picture.width), centre_x + reach),
        min(float(picture.height), centre_y + reach),
    )
    return np.asarray(picture.resize((size, size), Image.Resampling.BOX, box=region))


def _prepared(example: Example, size: int) -> Prepared:
    try:
        return example, crop_and_resize(_decoded(example.image_path), example.box, size)
    except InputError as error:
        return Fault(example.name, str(error))


def _decoded(path: Path) -> Image.Image:
    """Returns the picture in RGB, on white where it is transparent."""
    if not path.is_file():
        raise InputError("expected a picture, got no such file")
    if path.stat().st_size > _MAX_PICTURE_BYTES:
        raise InputError(f"expected at most {_MAX_PICTURE_BYTES} bytes, got {path.stat().st_size}")
    try:
        # Pillow warns of oddities in metadata, and of sizes that are checked here anyway.
        with warnings.catch_warnings(action="ignore"), _opened(path) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise InputError(
                    f"expected at most {_MAX_PIXELS} pixels, got {picture.width} x {picture.height}"
                )
            if picture.has_transparency_data:
                white = Image.new("RGBA", picture.size, "white")
                white.alpha_composite(picture.convert("RGBA"))
                return white.convert("RGB")
            return picture.convert("RGB")
    except UnidentifiedImageError as error:
        raise InputError("expected a JPEG or PNG picture, got something else") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        raise InputError(
            f"expected a whole picture, got: {' '.join(str(error).split())}"
        ) from error


def _opened(path: Path) -> Image.Image:
    # Other formats Pillow reads are none of CUB's, and one of them starts Ghostscript.
    return Image.open(path, formats=("JPEG", "PNG"))


def _all_prepared(
    items: Iterable[Item], size: int, workers: int
) -> Generator[Prepared, None, None]:
    """Yields what `prepare` returns, in order, with few pictures in memory at any time."""
    remaining = iter(items)
    chunks = iter(lambda: list(islice(remaining, _CHUNK)), [])
    if workers == 1:
        for chunk in chunks:
            yield from prepare(chunk, size)
        return
    pool = ProcessPoolExecutor(
        workers,
        # A fork would inherit the locks of whatever threads the caller runs.
        mp_context=get_context("spawn"),
        # Ctrl-C reaches the whole group: the parent alone answers it.
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    pending: deque[Future[list[Prepared]]] = deque()
    try:
        for chunk in chunks:
            pending.append(pool.submit(prepare, chunk, size))
            if len(pending) > 2 * workers:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    except BrokenProcessPool as error:
        raise InputError(
            "workers: expected each to live to the end, got one killed, perhaps for want of "
            "memory; try fewer --workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _write_report(path: Path, faults: Iterable[Fault]) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text("".join(f"{fault.name}: {fault.reason}\n" for fault in faults))
