from pathlib import Path

import pytest

from prep.building.examples import UNPICTURED, Example, Fault, Note
from prep.sources.cub import Cub
from t2i.errors import InputError

_SPLIT_OF = {"001.Ani": "train", "002.Jay": "test", "003.Owl": "train"}
_AGAIN = "; unpack CUB-200-2011 again"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of three pictures of two classes; no picture is ever opened."""
    root = tmp_path / "CUB_200_2011"
    files = ["002.Jay/Jay_2.jpg", "001.Ani/Ani_1.jpg", "002.Jay/Jay 1.jpg"]
    _index(root, "images", [f"{i} {file}" for i, file in zip((5, 2, 3), files, strict=True)])
    _index(root, "image_class_labels", ["2 1", "3 2", "5 2"])
    _index(root, "classes", ["1 001.Ani", "2 002.Jay", "3 003.Owl"])
    _index(root, "bounding_boxes", ["2 1.0 2.0 3.0 4.0", "3 -1 0 7.25 8", "5 9.5 8.0 7.0 6.0"])
    _write_captions(tmp_path / "text_c10")
    return tmp_path


def _cub(tree: Path, captions: Path, use_box: bool = True) -> Cub:
    return Cub(tree, captions, use_box, _SPLIT_OF)


def _index(root: Path, name: str, lines: list[str]) -> Path:
    root.mkdir(exist_ok=True)
    path = root / f"{name}.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def _write_captions(folder: Path) -> None:
    for name in ("002.Jay/Jay_2", "001.Ani/Ani_1", "002.Jay/Jay 1", "001.Ani/nobody"):
        path = folder / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}\nanother of {name}\n")


def _refusal(tree: Path, use_box: bool = True) -> str:
    with pytest.raises(InputError) as raised:
        _cub(tree, tree, use_box)
    return str(raised.value)


def _first(tree: Path) -> Example | Fault | Note:
    return next(iter(_cub(tree, tree)))


def test_pictures_come_in_the_order_of_the_index(tree: Path) -> None:
    cub = _cub(tree, tree)
    images = tree / "CUB_200_2011" / "images"
    assert len(cub) == 3
    assert list(cub) == [
        *(
            Example(
                name,
                images / f"{name}.jpg",
                (f"this is {name}", f"another of {name}"),
                class_id,
                split,
                box,
            )
            for name, class_id, split, box in (
                ("002.Jay/Jay_2", 2, "test", (9.5, 8.0, 7.0, 6.0)),
                ("001.Ani/Ani_1", 1, "train", (1.0, 2.0, 3.0, 4.0)),
                ("002.Jay/Jay 1", 2, "test", (-1.0, 0.0, 7.25, 8.0)),
            )
        ),
        Note("001.Ani/nobody.txt", "expected a picture to these captions, got none", UNPICTURED),
    ]


def test_the_folder_itself_will_do(tree: Path) -> None:
    root = tree / "CUB_200_2011"
    assert list(_cub(root, tree)) == list(_cub(tree, tree))


def test_whole_pictures_need_no_boxes(tree: Path) -> None:
    (tree / "CUB_200_2011" / "bounding_boxes.txt").unlink()
    items = list(_cub(tree, tree, use_box=False))
    assert [item.box for item in items if isinstance(item, Example)] == [None, None, None]


def test_an_index_with_crlf_reads_the_same(tree: Path) -> None:
    expected = list(_cub(tree, tree))
    for path in (tree / "CUB_200_2011").glob("*.txt"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert list(_cub(tree, tree)) == expected


@pytest.mark.parametrize(
    "nesting",
    [
        "",
        "text",
        "text_c10",
        "text_c10/text",
        "text_c10/text_c10",
        "birds/text",
        "birds/text_c10",
        "CUB_200_2011/text_c10",
        "cvpr2016_cub/text_c10",
    ],
)
def test_captions_are_found_in_every_nesting(tree: Path, nesting: str) -> None:
    expected = list(_cub(tree, tree))
    _write_captions(tree / "captions" / nesting)
    assert list(_cub(tree, tree / "captions")) == expected


def test_captions_not_found(tree: Path) -> None:
    captions = tree / "elsewhere"
    _write_captions(captions / "too" / "deep")
    with pytest.raises(InputError) as raised:
        _cub(tree, captions)
    assert str(raised.value) == (
        f"{captions}: expected a folder for each class in it or in its text_c10 or text, "
        "got none; give the folder that the captions were unpacked to"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"one\r\n\r\n two \r\n", ("one", "two")),
        (b"one\rtwo", ("one", "two")),
        (b"\n \t\none", ("one",)),
        (b"\xef\xbb\xbfone\n", ("one",)),
        ("a\N{REPLACEMENT CHARACTER}b".encode(), ("a\N{REPLACEMENT CHARACTER}b",)),
        (b"caf\xe9 au lait", ("café au lait",)),
        ("café\r\n".encode("utf-16"), ("café",)),
        ("one\u2028line  of\xa0words\n".encode(), ("one line of words",)),
        (b"nan\none\n", ("one",)),
    ],
)
def test_lines_of_captions(tree: Path, content: bytes, expected: tuple[str, ...]) -> None:
    (tree / "text_c10/002.Jay/Jay_2.txt").write_bytes(content)
    first = _first(tree)
    assert isinstance(first, Example)
    assert first.captions == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "expected captions in {path}, got no such file"),
        (b" \r\n\r\n", "expected captions in {path}, got an empty file"),
        (b"a\0b", "expected text in {path}, got a zero byte"),
        (b"nan\n", "expected captions, got 1 that say 'nan'"),
        (
            b"a\x81\xffb",
            "expected text in {path}, got bytes that are neither UTF-8 nor Windows-1252; "
            "save it as UTF-8",
        ),
        (b"a" * ((1 << 20) + 1), "expected at most 1048576 bytes of captions in {path}, got more"),
    ],
)
def test_faulty_captions(tree: Path, content: bytes | None, reason: str) -> None:
    path = tree / "text_c10/002.Jay/Jay_2.txt"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    items = list(_cub(tree, tree))
    assert items[0] == Fault("002.Jay/Jay_2", reason.format(path=path))
    assert [type(item) for item in items[:-1]] == [Fault, Example, Example]


def test_no_index(tree: Path) -> None:
    assert _refusal(tree / "text_c10") == (
        f"{tree}/text_c10: expected images.txt in it or in its CUB_200_2011, got neither; "
        "give the folder that CUB-200-2011 was unpacked to"
    )


@pytest.mark.parametrize("name", ["image_class_labels", "classes", "bounding_boxes"])
def test_a_missing_index_file(tree: Path, name: str) -> None:
    path = tree / "CUB_200_2011" / f"{name}.txt"
    path.unlink()
    assert _refusal(tree) == f"{path}: expected a file, got none{_AGAIN}"


@pytest.mark.parametrize(
    "file",
    [
        "/etc/passwd",
        "../../secret.jpg",
        "../secret.jpg",
        "./a.jpg",
        "a/..",
        "a/.",
        "a/b/c.jpg",
        "a//b.jpg",
        "a.jpg",
        "a\\..\\b/c.jpg",
        "a/b\x1b[2J.jpg",
        "a/b\u2028c.jpg",
    ],
)
def test_names_stay_in_the_tree(tree: Path, file: str) -> None:
    path = _index(tree / "CUB_200_2011", "images", ["5 002.Jay/Jay_2.jpg", f"2 {file}"])
    assert _refusal(tree) == (
        f"{path}:2: expected <id> <class>/<file> inside images, got {f'2 {file}'!r}{_AGAIN}"
    )


def test_an_index_is_text(tree: Path) -> None:
    path = _index(tree / "CUB_200_2011", "images", ["2 a/b\0.jpg"])
    assert _refusal(tree) == f"expected text in {path}, got a zero byte"


@pytest.mark.parametrize("file", ["a/" + "b" * 241, "\N{OWL}" * 61 + "/b"])
def test_names_are_short(tree: Path, file: str) -> None:
    path = _index(tree / "CUB_200_2011", "images", [f"2 {file}"])
    assert _refusal(tree) == (
        f"{path}: expected names of at most 240 bytes, got {file[:80]!r} and more{_AGAIN}"
    )


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("images", "x 001.Ani/a.jpg", "<id> <class>/<file> inside images"),
        ("images", "1" * 4000, "<id> <class>/<file> inside images"),
        ("image_class_labels", "2 one", "<id> <class id>"),
        ("image_class_labels", "2", "<id> <class id>"),
        ("classes", "4", "<id> <class>"),
        ("bounding_boxes", "9 1.0 2.0 3.0", "<id> <x> <y> <width> <height>"),
        ("bounding_boxes", "9 1.0 2.0 nan 4.0", "<id> <x> <y> <width> <height>"),
        ("bounding_boxes", "9 1.0 2.0 inf 4.0", "<id> <x> <y> <width> <height>"),
    ],
)
def test_a_malformed_line(tree: Path, name: str, line: str, expected: str) -> None:
    path = tree / "CUB_200_2011" / f"{name}.txt"
    number = len(path.read_text().splitlines()) + 1
    path.write_text(f"{path.read_text()}{line}\n")
    assert _refusal(tree) == f"{path}:{number}: expected {expected}, got {line[:80]!r}{_AGAIN}"


def test_a_number_twice(tree: Path) -> None:
    path = _index(tree / "CUB_200_2011", "images", ["5 002.Jay/Jay_2.jpg", "5 001.Ani/Ani_1.jpg"])
    assert _refusal(tree) == (
        f"{path}:2: expected <id> <class>/<file> inside images, got number 5 again{_AGAIN}"
    )


def test_a_picture_twice(tree: Path) -> None:
    path = _index(tree / "CUB_200_2011", "images", ["5 002.Jay/Jay_2.jpg", "2 002.Jay/Jay_2.png"])
    assert _refusal(tree) == (
        f"{path}: expected each picture once, got '002.Jay/Jay_2.png' again; remove one"
    )


def test_no_pictures(tree: Path) -> None:
    path = _index(tree / "CUB_200_2011", "images", [])
    assert _refusal(tree) == f"{path}: expected pictures, got none{_AGAIN}"


@pytest.mark.parametrize(
    ("name", "lines"),
    [("image_class_labels", ["5 2", "2 1"]), ("bounding_boxes", ["5 1 1 1 1", "2 1 1 1 1"])],
)
def test_a_picture_left_out(tree: Path, name: str, lines: list[str]) -> None:
    path = _index(tree / "CUB_200_2011", name, lines)
    assert _refusal(tree) == f"{path}: expected a line for each picture, got none for 3{_AGAIN}"


@pytest.mark.parametrize(("label", "got"), [("1", "1 (001.Ani)"), ("44", "44 (None)")])
def test_a_label_that_is_not_the_folder(tree: Path, label: str, got: str) -> None:
    path = _index(tree / "CUB_200_2011", "image_class_labels", [f"5 {label}", "2 1", "3 2"])
    assert _refusal(tree) == (
        f"{path}: expected the class of picture 5 to be '002.Jay', got {got}{_AGAIN}"
    )


def test_an_index_file_has_a_bound(tree: Path) -> None:
    path = tree / "CUB_200_2011" / "classes.txt"
    with path.open("r+b") as file:
        file.truncate((1 << 26) + 1)
    assert _refusal(tree) == (f"{path}: expected at most 67108864 bytes, got 67108865{_AGAIN}")


def test_a_class_without_a_split(tree: Path) -> None:
    with pytest.raises(InputError) as raised:
        Cub(tree, tree, use_box=True, split_of={"001.Ani": "train"})
    assert str(raised.value) == (
        "classes: expected each in one of the class lists, got '002.Jay'; "
        "name the lists' folder with --split"
    )
