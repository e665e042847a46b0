"""Folders of one's own, with odd names, links, and pictures and texts of every kind."""

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from mutations import Damaged, assert_holds
from test_pictures import SAMPLES

from prep.building.examples import Example
from prep.building.pictures import prepare
from prep.building.report import write_report
from prep.sources.folder import Folder

_PARTS = (
    *("a", "b", "train", "testing", "val2017", "images", "__MACOSX", "a b;c,d", "-x", "%s"),
    *("caf\xe9", "cafe\u0301", "Shot 3.14\u202fPM", "\U0001f468\u200d\U0001f469", "\u202egpj"),
    *("line\nbreak", "back\\slash", "caf\udce9", ".hidden", "..", "b" * 250, "\ufeff", "CON"),
    *("metadata", "captions"),
)
_ENDINGS = (
    *(".jpg", ".PNG", ".webp", ".tif", ".ppm", ".heic", ".svg", ""),
    *(".txt", ".TXT", ".jpg.txt", ".csv", ".jsonl", ".json", ".report.txt"),
)
_TEXTS = (
    *(b"a red ball\n", b"it\x92s a ball", b"\x81\x8d", b"\xff\xfea\0", b"", b"nan", b"\0"),
    *(b"path,caption\na.jpg,red\nb/a.jpg,\n", b"image,caption,split\n../a.jpg,red,test\n"),
    *(b'{"file_name": "a.jpg", "text": null}\n', b'{"file_name": "b.png", "text": "\\ud800"}\n'),
)

# Pictures and texts, by their places in the lists; links lead to another name, or nowhere.
_names = st.builds(
    lambda parts, ending: "/".join(parts) + ending,
    st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3),
    st.sampled_from(_ENDINGS),
)
_entries = st.one_of(
    st.tuples(st.just("picture"), _names, st.integers(0, len(SAMPLES) - 1)),
    st.tuples(st.just("captioned"), _names, st.integers(0, len(SAMPLES) - 1)),
    st.tuples(st.just("text"), _names, st.integers(0, len(_TEXTS) - 1)),
    st.tuples(st.just("link"), _names, st.one_of(_names, st.sampled_from([".", "..", "/", "a"]))),
)


def _grown(tree: Path, entries: list[tuple[str, str, int | str]]) -> None:
    """Makes what a file system takes of some entries, among pictures that can be prepared."""
    for kind, name, what in [*(("captioned", f"{n}.jpg", 0) for n in range(9)), *entries]:
        path = tree / name
        # Names that are too long, or lead through a file.
        with suppress(OSError):
            if tree not in Path(os.path.normpath(path)).parents:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "link":
                path.symlink_to(what)
            else:
                path.write_bytes((_TEXTS if kind == "text" else SAMPLES)[what])
            if kind == "captioned":
                path.with_suffix(".txt").write_text("a ball")


def read(path: Path) -> None:
    """Prepares all that a folder holds, as its description in a file says."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "mine"
        tree.mkdir()
        _grown(tree, json.loads(path.read_text()))
        items = list(Folder(tree, split_by="picture", use_classes=False))
        examples = [item for item in items if isinstance(item, Example)]
        others = [item for item in items if not isinstance(item, Example)]
        write_report(Path(place) / "mine.report.txt", others)
        prepare(examples, 8, 3)


@given(entries=st.lists(_entries, min_size=1, max_size=12))
def test_folders_of_anything_are_read_or_refused(entries: list[tuple[str, str, int | str]]) -> None:
    assert_holds(__file__, "read", Damaged(json.dumps(entries).encode()), ".json")
