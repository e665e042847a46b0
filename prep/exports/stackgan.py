"""A pairs file -> what StackGAN and AttnGAN read; `prep.sources.stackgan.source` says what that is.

The pictures go into `<size>images.pickle`, the captions into text_c10. Pictures of val go into
a folder of their own, which older code does not look into.
"""

import re
from contextlib import ExitStack
from pathlib import Path

from prep.exports.pairs_file import Pair, PairsFile, file_name
from prep.formats.pickles.writing import ListWriter, dumped
from prep.sources.stackgan.index import CLASSES, EMBEDDINGS, FILENAMES
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.progress import Progress, silent

_BREAKS = re.compile(r"[\r\n\0]+")


def export_stackgan(pairs: PairsFile, out: Path, progress: Progress = silent) -> None:
    """Writes the layout to a new folder, whole or not at all.

    Args:
        pairs: the pairs file.
        out: a folder that is missing or empty.
        progress: of the pictures.

    Raises:
        InputError: `out` is in use, the pictures are grey, a name is none of a file, or the
            pictures differ in their number of embeddings.
    """
    header = pairs.header
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: expected a new folder, got one in use; choose another")
    if header.channels != 3:
        raise InputError(
            f"{out}: expected pictures in colour, got greys, which StackGAN can't read; "
            "prepare them in colour"
        )
    with replacing(out) as folder, ExitStack() as files:
        embedded = header.encoder is not None
        writers = {
            split: _SplitWriter(folder / split, header.image_size, embedded, files)
            for split, count in header.images.items()
            if count or split != "val"
        }
        captions = None
        names: set[str] = set()
        for done, pair in enumerate(pairs, start=1):
            name = _unique_name(out, pair, names)
            captions = captions or len(pair.captions)
            if embedded and len(pair.captions) != captions:
                raise InputError(
                    f"{out}: expected {captions} embeddings for every picture, as StackGAN stacks "
                    f"them, got {len(pair.captions)} for {pair.name}; prepare it with as many"
                )
            writers[pair.split].add(pair, name)
            _write_captions(folder / "text_c10" / f"{name}.txt", pair.captions)
            progress("exporting", done, len(pairs))
        for writer in writers.values():
            writer.finish()


def _unique_name(out: Path, pair: Pair, names: set[str]) -> str:
    """Returns the name of a picture, and adds it to those there are."""
    try:
        name = "/".join(filter(None, file_name(pair)))
    except InputError as error:
        raise InputError(f"{out}: {error}") from error
    if name in names:
        raise InputError(
            f"{out}: expected names that differ as files, got {name!r} again; "
            "prepare the pictures under others"
        )
    names.add(name)
    return name


class _SplitWriter:
    """Writes the pickles of a split, a row at a time."""

    def __init__(self, folder: Path, size: int, embedded: bool, files: ExitStack) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._names: list[str] = []
        self._class_ids: list[int] = []

        def writer(name: str) -> ListWriter:
            return ListWriter(files.enter_context((folder / name).open("wb")))

        self._images = writer(f"{size}images.pickle")
        self._embeddings = writer(EMBEDDINGS) if embedded else None

    def add(self, pair: Pair, name: str) -> None:
        self._names.append(name)
        self._class_ids.append(pair.class_id)
        self._images.append(pair.image)
        if self._embeddings:
            self._embeddings.append(pair.embeddings)

    def finish(self) -> None:
        self._images.finish()
        if self._embeddings:
            self._embeddings.finish()
        (self._folder / FILENAMES).write_bytes(dumped(self._names))
        (self._folder / CLASSES).write_bytes(dumped(self._class_ids))


def _write_captions(path: Path, captions: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A caption is a line, whatever it held.
    path.write_text("".join(_BREAKS.sub(" ", caption) + "\n" for caption in captions), "utf-8")
