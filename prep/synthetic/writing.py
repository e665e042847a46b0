"""Writes drawn birds with known attributes and captions in the layout of CUB-200-2011."""

import csv
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from random import Random

from prep.synthetic.birds import Bird, Species, all_species, sample_bird, species_splits
from prep.synthetic.captions import captions
from prep.synthetic.drawing import Box, draw
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.progress import Progress, silent

CAPTIONS_PER_PICTURE = 10
MAX_COUNT = 10_000_000
_README = """\
Drawn birds with known attributes and captions, in the layout of CUB-200-2011.

Written by t2i-prep synthetic, which replaces its own files here when it is run again.
The file images.txt is written last: without it, the writing was interrupted.
"""


@dataclass(frozen=True)
class Summary:
    """What was written: numbers of pictures, captions and species, and species a split."""

    pictures: int
    captions: int
    species: int
    species_in_split: dict[str, int]


@dataclass(frozen=True)
class _Record:
    """One written picture; `name` is class folder/file name without ending."""

    name: str
    species: Species
    bird: Bird
    box: Box


def write_synthetic(
    out: Path,
    count: int = 8000,
    seed: int = 0,
    progress: Progress = silent,
) -> Summary:
    """Returns a summary of `count` drawn birds, written in CUB's layout under `out`.

    The species take turns, so each has the same number of pictures, give or take one. A
    picture depends on the seed and its own number only: a larger count adds pictures and
    leaves the others as they are. Until `images.txt` stands, the last file to be written,
    the folder is not complete.

    Args:
        out: a folder that is missing, empty, or was written by this function before; in
            that case its pictures and captions are replaced, and other files left alone.
        count: the number of pictures, at least one a species.
        seed: a whole number from 0 on.
        progress: of the pictures.

    Raises:
        InputError: a bad count or seed; `out` holds other things or can't be written.
    """
    species = all_species()
    if not len(species) <= count <= MAX_COUNT:
        raise InputError(
            f"count: expected {len(species)} (one picture a species) to {MAX_COUNT}, "
            f"got {count}; give another count"
        )
    if seed < 0:
        raise InputError(f"seed: expected a number from 0 on, got {seed}; give another seed")
    with _writing(out):
        _clear(out, species)
    records = []
    for number in range(count):
        with _writing(out):
            records.append(_write_picture(out, number, species[number % len(species)], seed))
        progress("drawing", number + 1, count)
    # CUB numbers its pictures class by class.
    records.sort(key=lambda record: record.species.class_id)
    splits = species_splits()
    with _writing(out):
        _write_index(out, records, splits)
    return Summary(
        pictures=count,
        captions=count * CAPTIONS_PER_PICTURE,
        species=len(species),
        species_in_split={split: len(members) for split, members in splits.items()},
    )


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Makes an operating system's refusal the user's to mend."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{out}: expected a place that can be written, got {error.strerror or error}; "
            "choose another output"
        ) from error


def _clear(out: Path, species: list[Species]) -> None:
    """Makes `out` ready: no picture or index of an earlier run remains in it.

    Raises:
        InputError: `out` holds something and is not the output of an earlier run.
    """
    readme = out / "README.txt"
    out.mkdir(parents=True, exist_ok=True)
    if not readme.is_file():
        if any(out.iterdir()):
            raise InputError(
                f"{out}: expected an empty folder or earlier drawn birds, got other files; "
                "choose another output"
            )
    elif readme.stat().st_size != len(_README) or readme.read_bytes() != _README.encode():
        raise InputError(
            f"{out}: expected an empty folder or earlier drawn birds, got another README.txt; "
            "choose another output"
        )
    with replacing(readme) as unfinished:
        unfinished.write_text(_README, "utf-8")
    (out / "CUB_200_2011/images.txt").unlink(missing_ok=True)
    for folder in (out / "CUB_200_2011/images", out / "text_c10"):
        for one in species:
            if (folder / one.folder).is_dir():
                shutil.rmtree(folder / one.folder)
            (folder / one.folder).mkdir(parents=True)


def _write_picture(out: Path, number: int, species: Species, seed: int) -> _Record:
    """Draws and describes picture `number`, counted from 0 over all species."""
    rng = Random(f"{seed}/{number}")
    bird = sample_bird(species, rng)
    image, box = draw(bird, rng)
    sentences = captions(bird, rng, CAPTIONS_PER_PICTURE)
    in_species = number // len(all_species()) + 1
    name = f"{species.folder}/{species.name}_{in_species:04d}"
    image.save(out / f"CUB_200_2011/images/{name}.jpg", quality=95, subsampling=0)
    (out / f"text_c10/{name}.txt").write_text("\n".join(sentences) + "\n", "utf-8")
    return _Record(name, species, bird, box)


def _write_index(out: Path, records: list[_Record], splits: dict[str, list[Species]]) -> None:
    """Writes every file but pictures and captions, `images.txt` last."""
    for split, members in splits.items():
        _write_lines(out / f"{split}classes.txt", (species.folder for species in members))
    with (
        replacing(out / "attributes.csv") as unfinished,
        unfinished.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["name", *(field.name for field in fields(Bird))])
        table.writerows([record.name, *astuple(record.bird)] for record in records)
    cub = out / "CUB_200_2011"
    test = set(splits["test"])
    numbered = list(enumerate(records, start=1))
    _write_lines(cub / "classes.txt", (f"{one.class_id} {one.folder}" for one in all_species()))
    _write_lines(
        cub / "image_class_labels.txt", (f"{i} {record.species.class_id}" for i, record in numbered)
    )
    _write_lines(
        cub / "train_test_split.txt",
        (f"{i} {int(record.species not in test)}" for i, record in numbered),
    )
    _write_lines(
        cub / "bounding_boxes.txt",
        (f"{i} " + " ".join(f"{value:.1f}" for value in record.box) for i, record in numbered),
    )
    _write_lines(cub / "images.txt", (f"{i} {record.name}.jpg" for i, record in numbered))


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text("".join(f"{line}\n" for line in lines), "utf-8")
