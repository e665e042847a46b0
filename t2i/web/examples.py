"""Sentences to click on the page."""

from itertools import islice
from pathlib import Path

from t2i.errors import InputError
from t2i.pairs.reading import read
from t2i.runs.directory import Run
from t2i.runs.record import read_record

_EXAMPLES = 8
# A file of sentences to click, one a line, in a run that is given away without its pairs file.
_GIVEN = "examples.txt"


def examples_of(run: Path) -> list[str]:
    """Returns sentences to click: the run's own, or captions of its pairs file; or none."""
    if (run / _GIVEN).is_file():
        with (run / _GIVEN).open(encoding="utf-8", errors="replace") as file:
            return [line.strip()[:1000] for line in islice(file, _EXAMPLES) if line.strip()]
    pairs = read_record(Run(run)).pairs
    if not pairs:
        return []
    for split in ("test", "train"):
        try:
            captions = read(Path(pairs), [split], images=False, embeddings=False).caption
        except InputError:
            # It has moved, or has no such split; a page without examples is a page.
            continue
        return captions[:: max(1, len(captions) // _EXAMPLES)][:_EXAMPLES]
    return []
