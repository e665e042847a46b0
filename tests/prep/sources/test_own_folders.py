"""What people's folders hold beside pictures with a text of the same name."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from own_folders import captioned, examples, refusal, tree
from PIL import Image

from prep.building.examples import (
    REREAD,
    UNFOLLOWED,
    UNLISTED,
    UNPICTURED,
    Example,
    Fault,
    Note,
)
from prep.cli.main import main
from prep.sources.folder import Folder
from t2i.pairs.reading import read


@pytest.mark.parametrize("text", ["1.txt", "1.jpg.txt", "1.TXT", "1.JPG.Txt"])
def test_captions_by_every_name(tmp_path: Path, text: str) -> None:
    picture = "1.JPG" if "JPG" in text else "1.jpg"
    captioned(tree(tmp_path, {picture: "", text: "a ball"}), "2")
    assert examples(tmp_path)["1"].captions == ("a ball",)


def test_two_files_of_captions_are_a_fault(tmp_path: Path) -> None:
    tree(tmp_path, {"1.jpg": "", "1.txt": "a ball", "1.jpg.txt": "another"})
    captioned(tmp_path, "2", "3")
    bad = [item for item in Folder(tmp_path) if isinstance(item, Fault)]
    assert bad == [Fault("1", "expected one file of captions, got 1.txt, 1.jpg.txt")]


def test_every_picture_is_found_and_so_are_captions_without_one(tmp_path: Path) -> None:
    plain = ["jpg", "jpeg", "jfif", "png", "webp", "bmp", "gif", "tif", "tiff", "ppm"]
    endings = [*plain, "heic", "avif", "tga", "svg", "nef"]
    files = {f"{ending}.{ending}": "" for ending in endings}
    tree(tmp_path, files | {f"{ending}.txt": "words" for ending in endings} | {"x.txt": "lost"})
    *found, left = Folder(tmp_path)
    assert sorted(item.name for item in found if isinstance(item, Example)) == sorted(endings)
    assert left == Note("x.txt", "expected a picture to these captions, got none", UNPICTURED)


def test_pictures_that_no_list_names(tmp_path: Path) -> None:
    pictures = {f"p{number}.png": "" for number in range(4)}
    tree(tmp_path, pictures | {"captions.csv": "image,caption\np0.png,red\np1.png,blue\n"})
    *found, first, second = Folder(tmp_path)
    assert [item.name for item in found] == ["p0", "p1"]
    reason = "expected it in captions.csv, got no line of it"
    assert (first, second) == (Note("p2.png", reason, UNLISTED), Note("p3.png", reason, UNLISTED))


def test_a_picture_whose_row_is_a_fault_is_in_the_list(tmp_path: Path) -> None:
    texts = {"a": '"red"', "b": "5", "c": '"blue"'}
    row = '{"file_name": "%s.png", "text": %s, "split": "train"}'
    rows = "\n".join(row % named for named in texts.items())
    pictures = {f"images/{name}.png": "" for name in texts}
    *found, second = Folder(tree(tmp_path, pictures | {"metadata.jsonl": rows}))
    assert [item.name for item in found] == ["images/a", "images/c"]
    reason = "expected text, or a list of texts, as caption, got 5; correct it"
    assert second == Fault("images/b.png", reason)


def test_links_of_ones_own_are_followed(tmp_path: Path) -> None:
    far = captioned(tmp_path / "disk", "ball/1", "ball/2", "3")
    mine = captioned(tmp_path / "mine", "cube/1")
    (mine / "ball").symlink_to(far / "ball")
    for ending in ("jpg", "txt"):
        (mine / f"cube/3.{ending}").symlink_to(far / f"3.{ending}")
    found = examples(mine, split_by="picture")
    assert list(found) == ["ball/1", "ball/2", "cube/1", "cube/3"]
    assert [item.class_id for item in found.values()] == [1, 1, 2, 2]


def test_links_lead_round_in_no_circle_and_captions_to_captions(tmp_path: Path) -> None:
    mine = captioned(tmp_path / "mine", "ball/1", "cube/1", "cube/3", "cube/4")
    (mine / "again").symlink_to(mine / "ball")
    (mine / "ball/up").symlink_to(tmp_path)
    (mine / "cube/2.jpg").touch()
    (mine / "cube/2.txt").symlink_to(tree(tmp_path, {"secret": "a key"}) / "secret")
    *found, first, second = Folder(mine, split_by="picture")
    assert [item.name for item in found] == ["ball/1", *(f"cube/{n}" for n in range(1, 5))]
    assert found[2] == Fault("cube/2", "expected a link to a .txt, got one to secret")
    reason = "expected a folder that is read once, got a link to one that is, or that it lies in"
    assert (first, second) == (
        Note("again", reason, UNFOLLOWED),
        Note("ball/up", reason, UNFOLLOWED),
    )


ODD = ["Shot 3.14\u202fPM", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "cafe\u0301"]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_names(tmp_path: Path, name: str) -> None:
    found = examples(captioned(tmp_path, name, *"bcde"))
    assert list(found) == sorted([name, *"bcde"])


@pytest.mark.parametrize("bad", ["line\nbreak", "caf\udce9", "tab\there", "back\\slash"])
def test_a_name_that_no_file_of_ours_can_have_is_that_pictures_fault(
    tmp_path: Path, bad: str
) -> None:
    captioned(tmp_path, bad, "a", "b")
    *found, fault = Folder(tmp_path)
    assert [item.name for item in found if isinstance(item, Example)] == ["a", "b"]
    expected = "a name in UTF-8 without line breaks and other control characters"
    way = "rename it"
    if "\\" in bad:
        expected, way = "the path of a picture inside the folder, with /", "correct it"
    assert fault == Fault(f"{bad}.jpg", f"expected {expected}, got {f'{bad}.jpg'!r}; {way}")


@pytest.mark.parametrize(("listed", "stored"), [("\xe9", "e\u0301"), ("e\u0301", "\xe9")])
def test_letters_are_alike_however_they_are_spelled(
    tmp_path: Path, listed: str, stored: str
) -> None:
    line = '{{"file_name": "{}.jpg", "text": "red"}}\n'
    content = "".join(map(line.format, (f"caf{listed}", "a", "b")))
    tree(tmp_path, {f"caf{stored}.jpg": "", "b.jpg": "", "metadata.jsonl": content})
    first = next(iter(examples(tmp_path).values()))
    assert first.image == tmp_path / f"caf{stored}.jpg"
    tree(tmp_path / "texts", {f"caf{stored}.jpg": "", f"caf{listed}.txt": "red"})
    assert len(examples(captioned(tmp_path / "texts", "a", "b"))) == 3


def test_bytes_of_windows_are_read_and_said(tmp_path: Path) -> None:
    captioned(tmp_path, "1", "2")
    (tmp_path / "1.txt").write_bytes(b"it\x92s a red ball")
    first = examples(tmp_path)["1"]
    assert first.captions == ("it\N{RIGHT SINGLE QUOTATION MARK}s a red ball",)
    assert first.remark == "expected UTF-8, got Windows-1252 in line 1"


_LINE = '{{"file_name": "{}.png", "text": "number {}"}}\n'


@pytest.mark.parametrize("outer", ["", "data/"])
def test_hugging_faces_layouts(tmp_path: Path, outer: str) -> None:
    lines = "".join(_LINE.format(number, number) for number in range(3))
    tree(
        tmp_path,
        {
            f"{outer}{split}/{name}": content
            for split in ("train", "validation", "test")
            for name, content in {
                "metadata.jsonl": lines,
                **{f"{number}.png": "" for number in range(3)},
            }.items()
        },
    )
    found = examples(tmp_path)
    assert {name: (item.split, item.captions) for name, item in found.items()} == {
        f"{outer}{theirs}/{number}": (ours, (f"number {number}",))
        for theirs, ours in (("train", "train"), ("validation", "val"), ("test", "test"))
        for number in range(3)
    }


def test_cocos_lists_lie_beside_its_folders(tmp_path: Path) -> None:
    files = {}
    for split in ("train2017", "val2017"):
        images = [f'{{"id": {n}, "file_name": "{split}_{n}.jpg"}}' for n in range(2)]
        texts = [f'{{"image_id": {n}, "caption": "number {n}"}}' for n in (1, 0, 1, 7)]
        files[f"annotations/captions_{split}.json"] = (
            f'{{"images": [{", ".join(images)}], "annotations": [{", ".join(texts)}]}}'
        )
        files |= {f"{split}/{split}_{n}.jpg": "" for n in range(2)}
    *found, alone, other = Folder(tree(tmp_path, files))
    reason = "expected it among the images, got captions alone"
    assert alone == Note("captions_train2017.json, image_id 7", reason, UNPICTURED)
    assert other == Note("captions_val2017.json, image_id 7", reason, UNPICTURED)
    assert {item.name: (item.split, len(item.captions)) for item in found} == {
        "train2017/train2017_0": ("train", 1),
        "train2017/train2017_1": ("train", 2),
        "val2017/val2017_0": ("val", 1),
        "val2017/val2017_1": ("val", 2),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("00000.tar", "got shards of webdataset, or another archive; unpack each, `tar -xf SHARD"),
        ("train.parquet", "got tables of pictures; save them as files with a metadata.jsonl"),
        ("birds.zip", "got an archive; unpack it"),
    ],
)
def test_what_is_packed_is_named_with_the_way_in(tmp_path: Path, name: str, said: str) -> None:
    tree(tmp_path, {name: ""})
    assert said in refusal(tmp_path)
    assert refusal(tmp_path / name).startswith(
        f"{tmp_path}/{name}: expected a folder of pictures, {said}"
    )


def test_the_last_line_and_the_report_say_what_was_left(tmp_path: Path) -> None:
    folder, out = tmp_path / "mine", tmp_path / "mine.h5"
    captioned(folder, *map(str, range(12)))
    for number in range(12):
        Image.new("RGB", (9, 9), (number, 0, 0)).save(folder / f"{number}.jpg")
    (folder / "0.txt").write_bytes(b"caf\xe9")
    tree(folder, {"lost.txt": "nobody's", "c\nd.jpg": "", "odd\udce9.jpg": "", "phone.heic": ""})
    command = ["import", "folder", str(folder), "--out", str(out), "--image-size", "8"]
    result = CliRunner().invoke(main, [*command, "--workers", "1", "--skip-bad"])
    assert result.exit_code == 0, result.output
    assert (
        f", 3 left out, {REREAD}: 1, 0 say, {UNPICTURED}: 1, lost.txt say "
        f"(see {tmp_path}/mine.report.txt)" in result.output
    )
    report = (tmp_path / "mine.report.txt").read_text("utf-8")
    assert [line.partition(": ")[0] for line in report.splitlines()] == [
        "phone",
        "c\\u000ad.jpg",
        "odd\\udce9.jpg",
        "0",
        "lost.txt",
    ]
    assert "café" in read(out, ["train"]).caption
