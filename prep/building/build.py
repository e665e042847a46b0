"""Captioned pictures -> a pairs file, on all cores and in bounded memory."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from prep.building.examples import ENLARGED, REREAD, Example, Fault, Note
from prep.building.pictures import Item, Prepared
from prep.building.report import by_kind, report_of, write_report
from prep.building.workers import all_prepared
from t2i.errors import InputError
from t2i.images.squares import Fit, Square, fit_of
from t2i.pairs.reading import EncoderStamp, SplitBy
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import PairsWriter, writing
from t2i.progress import Progress, silent


@dataclass(frozen=True)
class Summary:
    """What a build made.

    Attributes:
        images: pictures in each split.
        captions: captions in each split.
        bad: pictures that could not be used.
        seconds: it took.
        report: the file that lists the bad ones and the notes, or None when there are none.
        notes: those of each kind, `prep.building.examples` names them.
    """

    images: Mapping[str, int]
    captions: Mapping[str, int]
    bad: int
    seconds: float
    report: Path | None
    notes: Mapping[str, Sequence[Note]] = field(default_factory=dict)


def build_pairs(
    items: Iterable[Item],
    out: Path,
    image_size: int,
    source: str,
    workers: int | None = None,
    skip_bad: bool = False,
    progress: Progress = silent,
    channels: int = 3,
    encoder: EncoderStamp | None = None,
    split_by: SplitBy | None = None,
    fit: Fit | None = None,
) -> Summary:
    """Returns what was written to `out`: the pictures cropped and resized, with their captions.

    Pictures that can't be used are listed beside the output, in `STEM.report.txt`, and so is what
    else should be known.

    Args:
        items: the pictures; the file keeps their order, whatever the number of workers.
        out: the pairs file to write or replace.
        image_size: side of the square pictures, pixels.
        source: where the pictures come from, in words.
        workers: processes that decode; None takes one for each core at hand, 1 stays in this one.
        skip_bad: leave out what can't be used, instead of failing.
        progress: of the pictures.
        channels: 3 for colours, 1 for greys.
        encoder: who made the examples' embeddings; None where they bring none.
        split_by: `picture` where classes may be in several splits, `class` where none is; None
            takes them as they come.
        fit: see `t2i.images.squares.fit_of`.

    Raises:
        InputError: some pictures can't be used and `skip_bad` is off, no picture is left to
            train on, a worker died, or the report's name is taken. `out` is then as it was before.
    """
    start = time.perf_counter()
    workers = workers or len(os.sched_getaffinity(0))
    report, total = report_of(out), len(items) if isinstance(items, Sized) else None
    with (
        writing(out, image_size, source, channels, encoder) as pairs,
        closing(all_prepared(items, image_size, channels, workers, fit)) as made,
    ):
        tally = _written(pairs, made, lambda done: progress("preparing", done, total))
        written = write_report(report, [*tally.faults, *tally.notes])
        _require_usable(out, tally, report, skip_bad)
        pairs.describe(fit_of(fit, tally.boxed), _split_by(out, split_by, tally.splits_of))
    bad, seconds = len(tally.faults), time.perf_counter() - start
    return Summary(tally.images, tally.captions, bad, seconds, written, by_kind(tally.notes))


@dataclass
class _Tally:
    """What came by while a file was built.

    Attributes:
        done: pictures looked at.
        images: pictures taken, in each split.
        captions: of these.
        splits_of: the splits that each class has pictures in.
        boxed: whether one was cropped to a box.
        faults: pictures that can't be used.
        notes: what else should be known.
    """

    done: int = 0
    images: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    captions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    splits_of: dict[int, set[str]] = field(default_factory=dict)
    boxed: bool = False
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def add(self, example: Example, square: Square) -> None:
        """Counts a picture that was taken, and what was made of it."""
        self.images[example.split] += 1
        self.captions[example.split] += len(example.captions)
        self.splits_of.setdefault(example.class_id, set()).add(example.split)
        self.boxed = self.boxed or example.box is not None
        if example.remark:
            self.notes.append(Note(example.name, example.remark, REREAD))
        if square.remark:
            self.notes.append(Note(example.name, square.remark, ENLARGED))


def _written(
    pairs: PairsWriter, items: Iterable[tuple[Item, Prepared]], progress: Callable[[int], object]
) -> _Tally:
    """Writes what was prepared; returns what came by."""
    tally = _Tally()
    for item, prepared in items:
        if isinstance(item, Note):
            tally.notes.append(item)
            continue
        tally.done += 1
        progress(tally.done)
        if isinstance(item, Example) and isinstance(prepared, Square):
            pairs.add(
                item.split,
                prepared.pixels,
                item.captions,
                item.class_id,
                item.name,
                item.embeddings,
            )
            tally.add(item, prepared)
        elif isinstance(prepared, Fault):
            tally.faults.append(prepared)
    return tally


def _require_usable(out: Path, tally: _Tally, report: Path, skip_bad: bool) -> None:
    """Raises InputError where pictures are bad and may not be, or there is none to train on."""
    if tally.faults and not skip_bad:
        raise InputError(
            f"{out}: expected pictures that can all be used, got {len(tally.faults)} that can't; "
            f"see {report}, or leave them out with --skip-bad"
        )
    if not tally.images["train"]:
        raise InputError(
            f"{out}: expected pictures in the train split, got none; give a split that fills it"
        )


def _split_by(
    out: Path, wanted: SplitBy | None, splits_of: Mapping[int, Collection[str]]
) -> SplitBy:
    """Returns how classes are split, as wanted or as they are."""
    shared = [class_id for class_id, splits in splits_of.items() if len(splits) > 1]
    if wanted == "class" and shared:
        raise InputError(
            f"{out}: expected each class in one split, got {len(shared)} in several; "
            "take them so with --split-by picture"
        )
    return wanted or ("picture" if shared else "class")
