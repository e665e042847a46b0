"""The report beside a pairs file: what was left out of it, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from prep.building.examples import Fault, Note
from t2i.errors import InputError
from t2i.files.disk import replacing

# What each line of a report says; it tells one from a file of the user's.
_REASON = ": expected "
_LOOKED_AT = 1 << 16


def report_of(out: Path) -> Path:
    """Returns the name of the report of a pairs file.

    Raises:
        InputError: something else has that name.
    """
    path = out.with_name(f"{out.stem}.report.txt")
    if path.exists() and not _is_report(path):
        raise InputError(
            f"{path}: expected the report of {out.name} there, got another file; "
            "move it away, or choose another --out"
        )
    return path


def write_report(path: Path, items: Sequence[Fault | Note]) -> Path | None:
    """Returns the report written, a line a file; None, and no report, where there is nothing."""
    if not items:
        path.unlink(missing_ok=True)
        return None
    lines = [printable(f"{item.name}: {item.reason}") for item in items]
    with replacing(path) as unfinished:
        unfinished.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def by_kind(notes: Sequence[Note]) -> Mapping[str, Sequence[Note]]:
    """Returns the notes of each kind."""
    kinds = dict.fromkeys(note.kind for note in notes)
    return {kind: [note for note in notes if note.kind == kind] for kind in kinds}


def printable(line: str) -> str:
    """Returns a line that is one, in UTF-8, whatever names it quotes."""
    whole = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in line)
    return whole.encode("utf-8", "backslashreplace").decode()


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        lines = file.read(_LOOKED_AT).decode("utf-8", "replace").splitlines()[:2]
    return all(_REASON in line for line in lines)
