"""Captioned pictures in a source tree -> a pairs file, on all cores and in bounded memory."""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from prep.cub import Fault
from prep.examples import Example
from prep.pictures import crop_and_resize, decoded
from t2i.errors import InputError
from t2i.files import replacing
from t2i.images import Pixels
from t2i.pairs import SPLITS
from t2i.pairs_writing import writing

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


def _prepared(example: Example, size: int) -> Prepared:
    try:
        return example, crop_and_resize(decoded(example.image_path), example.box, size)
    except InputError as error:
        return Fault(example.name, str(error))


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
