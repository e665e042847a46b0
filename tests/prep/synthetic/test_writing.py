import csv
import hashlib
from pathlib import Path

import pytest
from PIL import Image

from prep.synthetic.birds import species_splits
from prep.synthetic.writing import _README, Summary, write_synthetic
from t2i.errors import InputError

_COUNT = 130


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("birds")
    write_synthetic(out, _COUNT, seed=3)
    return out


def _table(path: Path) -> list[list[str]]:
    """Returns the rows of a CUB index file, split at blanks, and checks their numbers."""
    rows = [line.split(" ") for line in path.read_text("utf-8").splitlines()]
    assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    return [row[1:] for row in rows]


def _hashes(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file()
    }


def test_every_index_file_tells_of_every_picture(written: Path) -> None:
    cub = written / "CUB_200_2011"
    names = [name for (name,) in _table(cub / "images.txt")]
    assert len(set(names)) == _COUNT
    assert names == sorted(names)
    on_disk = {str(path.relative_to(cub / "images")) for path in (cub / "images").rglob("*.jpg")}
    assert set(names) == on_disk
    classes = [name for (name,) in _table(cub / "classes.txt")]
    labels = [int(label) for (label,) in _table(cub / "image_class_labels.txt")]
    assert [classes[label - 1] for label in labels] == [name.split("/")[0] for name in names]
    test = {species.folder for species in species_splits()["test"]}
    assert [split for (split,) in _table(cub / "train_test_split.txt")] == [
        "0" if name.split("/")[0] in test else "1" for name in names
    ]


def test_every_picture_has_a_box_inside_it(written: Path) -> None:
    cub = written / "CUB_200_2011"
    boxes = _table(cub / "bounding_boxes.txt")
    for (name,), box in zip(_table(cub / "images.txt"), boxes, strict=True):
        x, y, width, height = map(float, box)
        with Image.open(cub / "images" / name) as image:
            assert image.format == "JPEG"
            assert min(x, y) >= 0
            assert x + width <= image.width
            assert y + height <= image.height


def test_every_picture_has_ten_captions(written: Path) -> None:
    names = [name for (name,) in _table(written / "CUB_200_2011/images.txt")]
    files = {str(path.relative_to(written / "text_c10")) for path in written.rglob("text_c10/*/*")}
    assert files == {name.replace(".jpg", ".txt") for name in names}
    for name in files:
        lines = (written / "text_c10" / name).read_text("utf-8").splitlines()
        assert len(lines) == 10
        assert all(lines)


def test_the_attributes_are_those_of_pictures_and_captions(written: Path) -> None:
    with (written / "attributes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for (name,) in _table(written / "CUB_200_2011/images.txt")]
    assert [f"{row['name']}.jpg" for row in rows] == names
    for row in rows:
        expected = f"{row['wing']}_winged_{row['body']}_Bird".title()
        assert row["name"].split(".")[1].split("/")[0].title() == expected
        for caption in (written / f"text_c10/{row['name']}.txt").read_text("utf-8").splitlines():
            assert row["body"] in caption
            assert row["wing"] in caption


def test_the_class_lists_are_the_splits(written: Path) -> None:
    for split, members in species_splits().items():
        lines = (written / f"{split}classes.txt").read_text("utf-8").splitlines()
        assert lines == [species.folder for species in members]


def test_species_have_the_same_number_of_pictures(written: Path) -> None:
    folders = (written / "CUB_200_2011/images").iterdir()
    counts = sorted(len(list(folder.iterdir())) for folder in folders)
    assert counts == [2] * 62 + [3] * 2


def test_the_summary_counts_what_was_written(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    told = write_synthetic(tmp_path / "new", 64, progress=lambda *call: seen.append(call))
    assert told == Summary(
        pictures=64, captions=640, species=64, species_in_split={"train": 44, "val": 4, "test": 16}
    )
    assert seen == [("drawing", number, 64) for number in range(1, 65)]


def test_the_same_seed_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_synthetic(tmp_path, _COUNT, seed=3)
    assert _hashes(tmp_path) == _hashes(written)


def test_a_picture_does_not_depend_on_the_count_but_on_the_seed(
    written: Path, tmp_path: Path
) -> None:
    many = _hashes(written)
    for seed, same in ((3, True), (4, False)):
        write_synthetic(tmp_path / str(seed), 64, seed=seed)
        few = {name: sum_ for name, sum_ in _hashes(tmp_path / str(seed)).items() if "0001" in name}
        assert len(few) == 128
        assert all((many[name] == sum_) is same for name, sum_ in few.items())


def test_writing_again_replaces_the_birds_and_nothing_else(written: Path, tmp_path: Path) -> None:
    write_synthetic(tmp_path, 200, seed=1)
    (tmp_path / "birds.h5").write_text("mine")
    (tmp_path / "text_c10/note.txt").write_text("mine")
    write_synthetic(tmp_path, _COUNT, seed=3)
    left = _hashes(tmp_path)
    assert (tmp_path / "birds.h5").read_text() == "mine"
    assert (tmp_path / "text_c10/note.txt").read_text() == "mine"
    assert set(left) - set(_hashes(written)) == {"birds.h5", "text_c10/note.txt"}
    assert _hashes(written).items() <= left.items()


def test_interrupted_writing_does_not_look_complete(tmp_path: Path) -> None:
    write_synthetic(tmp_path, 64)

    def interrupt(_: str, number: int, __: int | None) -> None:
        if number == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_synthetic(tmp_path, 64, progress=interrupt)
    assert not (tmp_path / "CUB_200_2011/images.txt").exists()
    write_synthetic(tmp_path, 64)
    assert (tmp_path / "CUB_200_2011/images.txt").exists()


@pytest.mark.parametrize("count", [-1, 0, 63, 10_000_001])
def test_a_bad_count_is_refused(count: int, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_synthetic(tmp_path / "out", count)
    assert str(caught.value) == (
        f"count: expected 64 (one picture a species) to 10000000, got {count}; give another count"
    )
    assert not (tmp_path / "out").exists()


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_synthetic(tmp_path / "out", 64, seed=-1)
    assert str(caught.value) == ("seed: expected a number from 0 on, got -1; give another seed")


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "CUB_200_2011").mkdir()
    (tmp_path / "CUB_200_2011/images.txt").write_text("1 real.jpg\n")
    with pytest.raises(InputError) as caught:
        write_synthetic(tmp_path, 64)
    assert str(caught.value) == (
        f"{tmp_path}: expected an empty folder or earlier drawn birds, got other files; "
        "choose another output"
    )
    assert _hashes(tmp_path).keys() == {"CUB_200_2011/images.txt"}


@pytest.mark.parametrize("text", [b"The real CUB", b"\xff" * len(_README)])
def test_a_folder_with_another_readme_is_refused(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_bytes(text)
    with pytest.raises(InputError) as caught:
        write_synthetic(tmp_path, 64)
    assert str(caught.value) == (
        f"{tmp_path}: expected an empty folder or earlier drawn birds, got another README.txt; "
        "choose another output"
    )


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "birds"
    out.write_text("mine")
    with pytest.raises(InputError) as caught:
        write_synthetic(out, 64)
    assert str(caught.value) == (
        f"{out}: expected a place that can be written, got File exists; choose another output"
    )


def test_a_link_in_the_place_of_a_class_folder_is_not_followed(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    write_synthetic(out, 64)
    other.mkdir()
    (other / "mine.jpg").write_text("mine")
    folder = out / "CUB_200_2011/images" / species_splits()["test"][0].folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.symlink_to(other)
    with pytest.raises(InputError) as caught:
        write_synthetic(out, 64)
    assert str(caught.value) == (
        f"{out}: expected a place that can be written, "
        "got Cannot call rmtree on a symbolic link; choose another output"
    )
    assert (other / "mine.jpg").read_text() == "mine"
