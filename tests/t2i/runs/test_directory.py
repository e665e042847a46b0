"""A run is begun where nothing of others is."""

from pathlib import Path

import pytest

from t2i.errors import InputError
from t2i.models.dcgan.config import Config
from t2i.runs.directory import Run, painting_of, require_place, trim_metrics
from t2i.runs.record import Record, begin

RECORD = Record(data="a hash", precision="float32")


def test_a_run_and_an_empty_folder_and_what_a_beginning_left_are_taken(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    require_place(run, b"an encoder")
    run.path.mkdir()
    (run.path / ".lock").touch()
    (run.path / ".encoder.keras.ab12").mkdir()
    require_place(run, b"an encoder")
    begin(run, Config(), RECORD, b"an encoder")
    (run.path / "notes.txt").write_text("a run may hold what one likes")
    require_place(run, b"an encoder")
    # Killed before the configuration was there.
    (run.path / "notes.txt").unlink()
    run.config.unlink()
    require_place(run, b"an encoder")
    run.record.unlink()
    require_place(run, b"an encoder")


@pytest.mark.parametrize(
    ("name", "encoder"),
    [
        ("encoder.keras", b"an encoder"),
        ("encoder.keras", None),
        ("record.json", b"an encoder"),
        ("generator.keras", b"an encoder"),
        ("config.yaml", b"an encoder"),
        ("samples/a.png", b"an encoder"),
        ("checkpoints/ckpt-7.index", b"an encoder"),
        ("notes.txt", b"an encoder"),
    ],
)
def test_a_folder_of_others_is_refused(tmp_path: Path, name: str, encoder: bytes | None) -> None:
    path = tmp_path / "work" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(InputError) as error:
        require_place(Run(tmp_path / "work"), encoder)
    assert str(error.value) == (
        f"{tmp_path}/work: expected a run, or a folder with nothing in it, got one of "
        f"{name.split('/')[0]}; choose another --run"
    )
    assert path.read_text() == "mine"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(InputError, match="expected a folder for the run, got a file"):
        require_place(Run(tmp_path / "run"), None)


@pytest.mark.parametrize(
    "line", [b"\0\0\n", b"\xff\n", b"[]\n", b'{"step": "3"}\n', b'{"d/real": 1}\n', b'{"step": 3}']
)
def test_a_line_that_can_not_be_read_ends_the_curves(tmp_path: Path, line: bytes) -> None:
    run = Run(tmp_path)
    run.metrics.write_bytes(b'{"step": 2, "d/real": 0.5}\n' + line)
    trim_metrics(run, 9)
    assert run.metrics.read_bytes() == b'{"step": 2, "d/real": 0.5}\n'


def test_a_checkpoint_of_an_older_run_has_no_generator(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.checkpoints.mkdir()
    for path in (
        run.config,
        run.generator,
        *(run.checkpoints / f"ckpt-{n}.index" for n in (8, 12)),
    ):
        path.touch()
    assert painting_of(tmp_path, 12) == run.generator
    with pytest.raises(InputError) as error:
        painting_of(tmp_path, 8)
    assert str(error.value) == (
        f"--step: expected one of 12 in {tmp_path}, got 8 of before 0.3, with no generator beside "
        "it; choose another"
    )
