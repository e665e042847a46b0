"""evaluation.json: tables of numbers, each table by one measurer under one protocol."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from t2i.errors import InputError
from t2i.evaluation.measurers import Stamp
from t2i.evaluation.metrics.estimate import Estimate
from t2i.files.disk import replacing

FORMAT = "t2i-evaluation"
VERSION = 1
NAME = "evaluation.json"
_MAX_BYTES = 1 << 24
# Beside it, for people; and how it begins.
PAGE = "evaluation.html"
PAGE_BEGINS = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>'
# What a protocol says of the subject alone.
_OF_THE_SUBJECT = ("subject", "pictures", "generator", "step", "trained_on")
# A judge tells something apart where real pictures reach so many times what guesses do.
_SEEING = 2


@dataclass(frozen=True)
class Score:
    """One number.

    Attributes:
        metric: its name and unit.
        estimate: with its interval.
        better: which way is better.
        real: the same measured on real pictures, where that says something.
        settings: of the metric; `chance` is what guessing would reach, in its unit.
    """

    metric: str
    estimate: Estimate
    better: Literal["lower", "higher", "neither"]
    real: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def doubt(self) -> str:
        """Why the number says nothing of the pictures; empty where it does.

        A judge for whom real pictures are hardly better than guesses is blind to what is asked.
        """
        chance = self.settings.get("chance")
        if self.real is None or chance is None or self.real >= _SEEING * chance:
            return ""
        return (
            f"this judge cannot tell: real pictures reach {number(self.real)}, guesses "
            f"{number(chance)}"
        )


@dataclass(frozen=True)
class Scorecard:
    """Numbers of one measurer: there is no place for another one's.

    Attributes:
        by: who measured.
        protocol: all else that the numbers depend on.
        rows: the numbers.
    """

    by: Stamp
    protocol: dict[str, Any]
    rows: tuple[Score, ...]


def require_replaceable(folder: Path) -> None:
    """Raises InputError where files called as those of an evaluation are something else."""
    if (folder / NAME).exists():
        read(folder / NAME)
    page = folder / PAGE
    if page.exists():
        with page.open("rb") as file:
            begins = file.read(len(PAGE_BEGINS)).decode(errors="replace")
        if begins != PAGE_BEGINS:
            raise InputError(
                f"{page}: expected a page of t2i evaluate, got another; move it elsewhere"
            )


def write(path: Path, tables: Sequence[Scorecard]) -> None:
    """Writes the tables beside those in the file that are of the same generator or folder.

    A number measured again replaces the old one; another split, seed or count is another question,
    and its numbers stay. What was measured of weights that have gone on since is dropped.

    Raises:
        InputError: the file that is there is no evaluation.
    """
    kept = [
        old
        for old in (read(path) if path.exists() else [])
        if any(_painted_by(old) == _painted_by(new) for new in tables)
    ]
    merged: list[Scorecard] = []
    for new in tables:
        same = [old for old in kept if (old.by, old.protocol) == (new.by, new.protocol)]
        kept = [old for old in kept if old not in same]
        names = {row.metric for row in new.rows}
        before = [row for old in same for row in old.rows if row.metric not in names]
        merged.append(Scorecard(new.by, new.protocol, (*before, *new.rows)))
    content = {
        "format": FORMAT,
        "version": VERSION,
        "tables": [asdict(table) for table in [*merged, *kept]],
    }
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _painted_by(table: Scorecard) -> str:
    """Returns what tells the generator, or the folder; files of before 0.3 tell the pictures."""
    return str(table.protocol.get("generator", table.protocol["pictures"]))


def read(path: Path) -> list[Scorecard]:
    """Returns the tables of a file.

    Raises:
        InputError: it is missing, or no evaluation of this version.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: expected an evaluation, got a larger file; remove it")
        content = json.loads(path.read_text(encoding="utf-8"))
        stated = (content["format"], content["version"])
        if stated != (FORMAT, VERSION):
            raise InputError(
                f"{path}: expected {FORMAT} version {VERSION}, got {stated[0]!r} version "
                f"{stated[1]!r}; remove it, or read it with the release that wrote it"
            )
        return [
            Scorecard(
                Stamp(**table["by"]),
                dict(table["protocol"]),
                tuple(
                    Score(**{**row, "estimate": Estimate(**row["estimate"])})
                    for row in table["rows"]
                ),
            )
            for table in content["tables"]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: expected an evaluation, got a file that is none; remove it"
        ) from error


def as_text(table: Scorecard) -> str:
    """Returns a table as lines, the protocol above the numbers."""
    lines = [heading(table)]
    for row in table.rows:
        estimate = row.estimate
        real = f"   real {number(row.real)}" if row.real is not None else ""
        lines.append(
            f"  {row.metric:<24}{number(estimate.value):>10}   "
            f"[{number(estimate.low)}, {number(estimate.high)}]{real}"
        )
        if row.doubt:
            lines.append(f"    {row.doubt}")
    return "\n".join(lines)


def compared(ours: Sequence[Scorecard], theirs: Sequence[Scorecard], names: tuple[str, str]) -> str:
    """Returns two runs side by side, table by table.

    Raises:
        ValueError: the tables are of different measurers or protocols.
    """
    lines = []
    for one, other in zip(ours, theirs, strict=True):
        fixed = {key for key in one.protocol if key not in _OF_THE_SUBJECT}
        if one.by != other.by or any(one.protocol[key] != other.protocol[key] for key in fixed):
            raise ValueError("tables of two protocols")
        lines.append(heading(one))
        lines.append(f"  {'':24}{names[0][-16:]:>18}{names[1][-16:]:>18}{'difference':>14}")
        beside = {row.metric: row for row in other.rows}
        for row in one.rows:
            if row.metric in beside:
                lines.append(_difference(row, beside[row.metric]))
                if row.doubt:
                    lines.append(f"    {row.doubt}")
    lines.append("The intervals (95 %) are over captions and latents, not over trainings.")
    return "\n".join(lines)


def heading(table: Scorecard) -> str:
    """Returns who measured what, in a line."""
    protocol = table.protocol
    weights = f" ({table.by.sha256[:12]})" if table.by.sha256 else ""
    step = f" by step {protocol['step']:,}" if protocol.get("step") else ""
    known = ", trained on" if was_trained_on(table) else ""
    return (
        f"by {table.by.name}{weights}: {protocol['generated']:,} generated{step}, "
        f"{protocol['reference']:,} of {protocol['split']}{known}, {protocol['resolution']} px, "
        f"seed {protocol['seed']}"
    )


def was_trained_on(table: Scorecard) -> bool:
    """Returns whether the real pictures are some that the generator was trained on."""
    return table.protocol["split"] in str(table.protocol.get("trained_on", "")).split(" + ")


def number(value: float) -> str:
    """Returns a number with four digits that count."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def _difference(one: Score, other: Score) -> str:
    difference = one.estimate.less(other.estimate)
    said = "within the noise"
    if difference.stands_out:
        lower = difference.value < 0
        said = "stands out"
        if one.better != "neither":
            said += ": " + ("better" if lower == (one.better == "lower") else "worse")
    low, high = number(difference.low), number(difference.high)
    return (
        f"  {one.metric:<24}{number(one.estimate.value):>18}{number(other.estimate.value):>18}"
        f"{number(difference.value):>14}   [{low}, {high}] {said}"
    )
