"""What is exported is imported again as it was, and older code can read it."""

import io
import pickle
import pickletools
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from prep.building.build import build_pairs
from prep.building.splits import official_split
from prep.cli.main import main
from prep.exports.aelnouby import export_aelnouby
from prep.exports.pairs_file import PairsFile
from prep.exports.stackgan import export_stackgan
from prep.sources.cub import Cub
from prep.sources.stackgan.source import StackGan
from t2i.errors import InputError
from t2i.pairs.reading import EncoderStamp, read, read_header
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import writing

SIZE = 10
_CUB48 = Path(__file__).parents[4] / "shared" / "data" / "cub48"
_PICTURES = (
    ("train", 2, "002.Jay/Jay_1"),
    ("train", 2, "002.Jay/Jay_1_0"),
    ("train", 1, "001.Ani/Ani_1"),
    ("val", 4, "004.Wren/Wren_5"),
    ("test", 3, "003.Owl/Owl_7"),
)


def _write(
    path: Path, embedded: bool = True, pictures: object = _PICTURES, channels: int = 3
) -> Path:
    random = np.random.default_rng(0)
    stamp = EncoderStamp("0" * 64, "imported: a test", 3) if embedded else None
    with writing(path, SIZE, "a test", channels, stamp) as writer:
        for split, class_id, name in pictures:
            image = random.integers(0, 256, (SIZE, SIZE, channels), dtype=np.uint8)
            captions = [f"{name} is a rød bird", "the same", "the same"]
            table = random.normal(size=(3, 3)).astype(np.float32) if embedded else None
            writer.add(split, image, captions, class_id, name, table)
    return path


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return _write(tmp_path / "birds.h5")


def _run(*arguments: object) -> str:
    result = CliRunner(catch_exceptions=False).invoke(main, [str(part) for part in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def _refusal(pairs: Path, out: Path, kind: str) -> str:
    export = {"stackgan": export_stackgan, "aelnouby": export_aelnouby}[kind]
    with pytest.raises(InputError) as raised:
        export(PairsFile(pairs), out)
    return str(raised.value).removeprefix(f"{out}: ")


def _assert_same(first: Path, second: Path) -> None:
    for split in SPLITS:
        one, other = read(first, [split]), read(second, [split])
        assert one.name == other.name
        assert one.caption == other.caption
        np.testing.assert_array_equal(one.image, other.image, strict=True)
        np.testing.assert_array_equal(one.class_id, other.class_id, strict=True)
        np.testing.assert_array_equal(one.caption_offset, other.caption_offset, strict=True)
        np.testing.assert_equal(one.embedding, other.embedding)


@pytest.mark.parametrize("embedded", [True, False])
def test_stackgans_layout_comes_back_as_it_was(tmp_path: Path, embedded: bool) -> None:
    pairs, again = _write(tmp_path / "birds.h5", embedded), tmp_path / "again.h5"
    said = _run("export", "stackgan", pairs, tmp_path / "birds")
    assert said == f"{tmp_path}/birds: 5 pictures, {'with' if embedded else 'without'} embeddings\n"
    _run(
        "import", "stackgan", tmp_path / "birds", "--images", "10images.pickle", "--captions",
        tmp_path / "birds", "--image-size", SIZE, "--workers", 1, "--out", again,
    )  # fmt: skip
    _assert_same(pairs, again)
    header = read_header(again)
    assert header.source == "birds, StackGAN layout, pictures of 10images.pickle"
    assert (header.encoder is not None) == embedded


def test_aelnoubys_file_comes_back_as_it_was(tmp_path: Path, pairs: Path) -> None:
    again = tmp_path / "again.h5"
    said = _run("export", "aelnouby", pairs, tmp_path / "birds.hdf5")
    assert said == f"{tmp_path}/birds.hdf5: 5 pictures, with embeddings\n"
    _run(
        "import", "aelnouby", tmp_path / "birds.hdf5", "--image-size", SIZE, "--workers", 1,
        "--out", again,
    )  # fmt: skip
    _assert_same(pairs, again)


@pytest.mark.parametrize("kind", ["stackgan", "aelnouby"])
def test_classes_may_be_shared_where_the_user_says_so(tmp_path: Path, kind: str) -> None:
    shared = (*_PICTURES, ("test", 2, "002.Jay/Jay_2"))
    pairs, left, again = _write(tmp_path / "birds.h5", pictures=shared), tmp_path / "left", "a.h5"
    _run("export", kind, pairs, left)
    pickles = ["--images", "10images.pickle", "--captions", left] if kind == "stackgan" else []
    _run(
        "import", kind, left, *pickles, "--split-by", "picture", "--image-size", SIZE,
        "--workers", 1, "--out", tmp_path / again,
    )  # fmt: skip
    assert read_header(tmp_path / again).split_by == "picture"
    assert "no faults" in _run("check", tmp_path / again)


@pytest.mark.skipif(not _CUB48.is_dir(), reason="shared/data/cub48 is not here")
def test_cub_by_way_of_stackgan_is_cub_to_the_pixel(tmp_path: Path) -> None:
    """Its pictures from the exported pickle, and cropped anew from the tree."""
    cub = Cub(_CUB48, _CUB48, use_box=True, split_of=official_split())
    pairs, out = tmp_path / "birds.h5", tmp_path / "birds"
    build_pairs(islice(cub, 0, None, 50), pairs, 76, "CUB", workers=1)
    export_stackgan(PairsFile(pairs), out)
    for images in (Path("76images.pickle"), _CUB48):
        again = tmp_path / "again.h5"
        build_pairs(StackGan(out, images, out, use_box=True), again, 76, "again", workers=1)
        _assert_same(pairs, again)


def test_older_code_reads_the_pickles(tmp_path: Path, pairs: Path) -> None:
    """As StackGAN's and AttnGAN's ports to Python 3 do."""
    out = tmp_path / "birds"
    export_stackgan(PairsFile(pairs), out)
    train = read(pairs, ["train"])
    values = {}
    for path in sorted((out / "train").iterdir()):
        content = path.read_bytes()
        assert content.startswith(b"\x80\x02")
        for operation, argument, _ in pickletools.genops(content):
            assert operation.proto <= 2
            if operation.name == "GLOBAL":
                assert argument in (
                    "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
                )  # fmt: skip
        values[path.name] = pickle.loads(content, encoding="latin1")
    assert list(values) == [
        "10images.pickle", "char-CNN-RNN-embeddings.pickle", "class_info.pickle",
        "filenames.pickle",
    ]  # fmt: skip
    assert values["filenames.pickle"] == train.name
    assert values["class_info.pickle"] == train.class_id.tolist()
    embeddings = np.array(values["char-CNN-RNN-embeddings.pickle"])
    np.testing.assert_array_equal(embeddings.reshape(-1, 3), train.embedding, strict=True)
    np.testing.assert_array_equal(np.array(values["10images.pickle"]), train.image, strict=True)
    text = (out / "text_c10/001.Ani/Ani_1.txt").read_text("utf-8")
    assert text == "001.Ani/Ani_1 is a rød bird\nthe same\nthe same\n"


def test_older_code_reads_the_hdf5(tmp_path: Path, pairs: Path) -> None:
    """As the project's txt2image_dataset.py does; the copies of a picture take room once."""
    path = tmp_path / "birds.hdf5"
    export_aelnouby(PairsFile(pairs), path)
    train = read(pairs, ["train"])
    with h5py.File(path, "r") as file:
        keys = list(file["train"].keys())
        assert sorted(keys) == sorted(
            f"{name}_{c}" for name in ("Jay_1", "Jay_1_0", "Ani_1") for c in range(3)
        )
        example = file["train"]["Ani_1_1"]
        picture = Image.open(io.BytesIO(bytes(np.array(example["img"]))))
        np.testing.assert_array_equal(np.asarray(picture), train.image[2])
        assert np.array(example["name"]).astype(str) == "Ani_1"
        assert np.array(example["class"]).astype(str) == "001.Ani"
        assert np.array(example["txt"]).astype(str) == "the same\n"
        assert example["embeddings"].shape == (3,)
        assert file["train/Ani_1_2/img"] == example["img"]


def test_classes_without_a_number_get_one(tmp_path: Path) -> None:
    pictures = (("train", 2, "Jay/Jay_1"), ("train", 7, "bird"), ("test", 3, "004.Owl/Owl_7"))
    pairs = _write(tmp_path / "birds.h5", pictures=pictures)
    export_aelnouby(PairsFile(pairs), tmp_path / "birds.hdf5")
    _run(
        "import", "aelnouby", tmp_path / "birds.hdf5", "--image-size", SIZE, "--workers", 1,
        "--out", tmp_path / "again.h5",
    )  # fmt: skip
    again = read(tmp_path / "again.h5", ["train", "test"])
    assert again.name == ["002.Jay/Jay_1", "007.class/bird", "003.004.Owl/Owl_7"]
    assert again.class_id.tolist() == [2, 7, 3]


def test_a_caption_of_several_lines_becomes_one(tmp_path: Path) -> None:
    with writing(tmp_path / "birds.h5", SIZE, "a test") as writer:
        image = np.zeros((SIZE, SIZE, 3), np.uint8)
        writer.add("train", image, ["a red\r\n\r\nbird", "b"], 1, "001.Ani/Ani_1")
    export_stackgan(PairsFile(tmp_path / "birds.h5"), tmp_path / "birds")
    text = (tmp_path / "birds/text_c10/001.Ani/Ani_1.txt").read_bytes()
    assert text == b"a red bird\nb\n"


@pytest.mark.parametrize("name", ["../Jay_1", "a//c", "/tmp/Jay", "Jay\n1", "x" * 241, ""])
@pytest.mark.parametrize("kind", ["stackgan", "aelnouby"])
def test_names_lead_nowhere_else(tmp_path: Path, name: str, kind: str) -> None:
    pairs = _write(tmp_path / "birds.h5", pictures=[("train", 1, name)])
    assert _refusal(pairs, tmp_path / "out", kind) == (
        f"expected names that files can have, got {name[:80]!r}; prepare the pictures under others"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["birds.h5"]


@pytest.mark.parametrize("kind", ["stackgan", "aelnouby"])
def test_greys_are_refused(tmp_path: Path, kind: str) -> None:
    pairs = _write(tmp_path / "birds.h5", channels=1)
    assert _refusal(pairs, tmp_path / "out", kind).startswith(
        "expected pictures in colour, got greys, which"
    )


def test_a_folder_in_use_is_left_alone(tmp_path: Path, pairs: Path) -> None:
    mine = tmp_path / "birds" / "mine.txt"
    mine.parent.mkdir()
    _run("export", "stackgan", pairs, mine.parent)
    mine.write_text("mine")
    assert _refusal(pairs, mine.parent, "stackgan") == (
        "expected a new folder, got one in use; choose another"
    )
    assert mine.read_text() == "mine"


def test_stackgan_takes_as_many_captions_of_every_picture(tmp_path: Path) -> None:
    stamp = EncoderStamp("0" * 64, "imported: a test", 1)
    with writing(tmp_path / "birds.h5", SIZE, "a test", encoder=stamp) as writer:
        image = np.zeros((SIZE, SIZE, 3), np.uint8)
        for count, name in ((2, "a"), (3, "b")):
            table = np.zeros((count, 1), np.float32)
            writer.add("train", image, ["bird"] * count, 1, name, table)
    assert _refusal(tmp_path / "birds.h5", tmp_path / "out", "stackgan") == (
        "expected 2 embeddings for every picture, as StackGAN stacks them, got 3 for b; "
        "prepare it with as many"
    )


def test_aelnouby_takes_embedded_pictures_of_different_names(tmp_path: Path) -> None:
    bare = _write(tmp_path / "bare.h5", embedded=False)
    assert _refusal(bare, tmp_path / "out", "aelnouby") == (
        "expected embedded captions, got none; run `t2i-prep embed` first"
    )
    twins = _write(
        tmp_path / "twins.h5", pictures=(("train", 1, "001.Ani/1"), ("train", 2, "002.Jay/1"))
    )
    assert _refusal(twins, tmp_path / "out", "aelnouby") == (
        "expected names that differ without their folders, got '1' again; "
        "prepare the pictures under others"
    )


def test_captions_that_dont_share_out_are_refused(tmp_path: Path, pairs: Path) -> None:
    with h5py.File(pairs, "a") as file:
        file["train/caption_offset"][1] = 0
    assert _refusal(pairs, tmp_path / "out", "stackgan") == (
        f"{pairs}: train/caption_offset: expected to rise from 0 to 9, got otherwise; "
        f"see `t2i-prep check {pairs}`"
    )


def test_no_room_for_a_picture_leaves_the_old_file(
    tmp_path: Path, pairs: Path, nearly_full: str
) -> None:
    out = tmp_path / "birds.hdf5"
    out.write_bytes(b"old")
    with pytest.raises(InputError, match=nearly_full):
        export_aelnouby(PairsFile(pairs), out)
    assert out.read_bytes() == b"old"
    assert set(tmp_path.iterdir()) == {out, pairs}
