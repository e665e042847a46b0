"""What programs and notebooks take: names that stay, imported when they are asked for."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import t2i

# Taken by programs that are not ours: a name is added here, and none goes.
STABLE = ["InputError", "dataset", "evaluate", "load", "read_pairs", "shipped", "train"]


def test_the_public_names_stay_and_each_says_what_it_does() -> None:
    assert t2i.__all__ == STABLE
    for name in STABLE:
        assert getattr(t2i, name).__doc__
        assert name in dir(t2i)
        assert f"`t2i.{name}" in Path("docs/library.md").read_text(encoding="utf-8")
    with pytest.raises(AttributeError, match="module 't2i' has no attribute 'nothing'"):
        _ = t2i.nothing


def test_importing_is_free_and_so_is_looking_at_what_there_is() -> None:
    script = (
        "import sys, t2i; t2i.load, t2i.train, t2i.evaluate, t2i.dataset, dir(t2i)\n"
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_sentence_shows_itself_as_a_picture_in_a_notebook(tmp_path: Path) -> None:
    painter = t2i.load("birds")
    assert repr(painter) == "<TextToImage projected, 128 pixels>"
    shown = painter.paint("a red bird", count=2, seed=3)
    assert shown.pixels.shape == (1, 2, 128, 128, 3)
    picture = Image.open(io.BytesIO(shown._repr_png_()))
    assert picture.size == (2 * 132 + 4, 132 + 4)
    sums = painter.arithmetic("a red bird - red + blue", count=2, seed=3)
    assert np.abs(sums.pixels[0].astype(int) - shown.pixels[0]).max() <= 1
    assert sums.sentences == ("a red bird", "- red", "+ blue", "= a red bird - red + blue")
    of = painter.arithmetic("1,2 - 2", of="a red bird", seed=3)
    assert np.abs(of.pixels[0, :2].astype(int) - shown.pixels[0]).max() <= 1
    both = painter.paint(["a red bird", "a blue bird"], count=2, seed=3)
    # Beside others a picture is the same, to rounding.
    assert np.abs(both.pixels[0].astype(int) - shown.pixels[0]).max() <= 1
    still = painter.paint("a red bird", count=2, seed=3, variety=0.0).pixels[0]
    assert np.abs(still[0].astype(int) - still[1]).max() <= 1
    painter.morph("a red bird", "a blue bird", steps=3).save(tmp_path / "way.gif")
    with Image.open(tmp_path / "way.gif") as way:
        assert way.n_frames == 4
    shown.save(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == picture.size
    assert painter.embed("a red bird").shape == (1, 128)
    inputs = {"embedding": painter.embed("a red bird"), "latent": np.zeros((1, 64), np.float32)}
    assert painter.generator(inputs).shape == (1, 128, 128, 3)
    with pytest.raises(t2i.InputError) as error:
        painter.paint("a red bird", count=0)
    assert str(error.value) == (
        "paint: expected count from 1 and seed from 0, got 0 and 0; choose others"
    )
    with pytest.raises(t2i.InputError) as error:
        painter.morph("a red bird", "a blue bird", steps=1)
    assert str(error.value) == (
        "morph: expected steps from 2 and seed from 0, got 1 and 0; choose others"
    )


def test_a_pairs_file_in_batches(pairs_file: Path) -> None:
    """Every picture once an epoch, with one of its own captions and its embedding."""
    pairs = t2i.read_pairs(pairs_file, ["train", "val"])
    batches = t2i.dataset(pairs_file, ["train", "val"], batch_size=5)
    epochs = []
    for _ in range(2):
        parts = [{key: value.numpy() for key, value in batch.items()} for batch in batches]
        rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        seen = []
        for image, caption, embedding in zip(
            rows["image"], rows["caption"], rows["embedding"], strict=True
        ):
            (index,) = np.flatnonzero((pairs.image == image).all(axis=(1, 2, 3)))
            place = pairs.caption_offset[index]
            place += pairs.captions_of(index).index(caption.decode())
            assert (pairs.embedding[place] == embedding).all()
            seen.append(int(index))
        assert sorted(seen) == list(range(len(pairs.name)))
        epochs.append((seen, rows["caption"].tolist()))
    assert epochs[0] != epochs[1]
    with pytest.raises(t2i.InputError) as error:
        t2i.dataset(pairs_file, batch_size=0)
    assert str(error.value) == "dataset: expected batch_size from 1, got 0; choose another"


def test_a_run_is_measured_as_by_the_command(bench: Any) -> None:
    measured = t2i.evaluate(
        bench.run, str(bench.data), count=300, judge=bench.judge, metrics=["fid"]
    )
    written = json.loads((bench.run / "evaluation.json").read_text())
    (row,) = [row for table in written["tables"] for row in table["rows"]]
    assert list(measured) == [row["metric"]]
    assert measured[row["metric"]].value == row["estimate"]["value"]


def test_a_training_of_some_steps_from_a_notebook(pairs_file: Path, tmp_path: Path) -> None:
    from tiny_runs import TINY

    (tmp_path / "tiny.yaml").write_text(TINY)
    seen = []
    t2i.train(
        tmp_path / "tiny.yaml",
        pairs_file,
        tmp_path / "run",
        ["training.epochs=2"],
        lambda step, means: seen.append((step, sorted(means)[0])),
    )
    assert [step for step, _ in seen] == [2, 4, 6]
    pairs = t2i.read_pairs(pairs_file, ["train"])
    painted = t2i.load(tmp_path / "run", pairs_file).paint(pairs.caption[0], count=2)
    assert painted.pixels.shape == (1, 2, 8, 8, 3)
