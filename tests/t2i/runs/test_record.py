"""What a run says of itself, whole and damaged."""

from pathlib import Path

import pytest

from t2i.errors import InputError
from t2i.models.dcgan.config import Config
from t2i.pairs.reading import EncoderStamp
from t2i.runs.directory import Run
from t2i.runs.record import Record, begin, read_record

RECORD = Record(
    data="a hash",
    precision="float32",
    pairs="/data/digits.h5",
    channels=1,
    encoder=EncoderStamp("0" * 64, "imported: classes", 10),
)


def test_a_record_is_read_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    begin(run, Config(), RECORD, None)
    assert read_record(run) == RECORD
    assert not run.encoder.exists()
    begin(run, Config(), RECORD, b"an encoder")
    assert run.encoder.read_bytes() == b"an encoder"


def test_runs_of_before_there_were_greys_are_in_colour(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.record.write_text('{"data": "a hash", "precision": "float32", "python": "3.11.7"}')
    assert read_record(run) == Record(data="a hash", precision="float32")
    assert read_record(run).channels == 3


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"[]",
        b"\xff",
        b'{"data": "a hash"}',
        b"[" * 100_000,
        RECORD.model_copy(update={"channels": 10**9}).model_dump_json().encode(),
        RECORD.model_dump_json().replace("10}", "0.5}").encode(),
    ],
)
def test_a_damaged_record(tmp_path: Path, content: bytes | None) -> None:
    run = Run(tmp_path)
    if content is not None:
        run.record.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_record(run)
    assert str(raised.value) == (
        f"{run.record}: expected the run's record, got none that can be read; choose another --run"
    )
