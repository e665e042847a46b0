"""evaluation.json, and two runs side by side."""

from pathlib import Path

import pytest

from t2i.errors import InputError
from t2i.evaluation.measurers import FID_INCEPTION, OWN, Stamp
from t2i.evaluation.metrics.estimate import Estimate
from t2i.evaluation.report import (
    Score,
    Scorecard,
    as_text,
    compared,
    number,
    read,
    require_replaceable,
    write,
)

OURS = Stamp(OWN, "own image encoder judge.keras", "ab" * 32, "none")
THEIRS = Stamp(FID_INCEPTION, "FID Inception 2015-12-05", "cd" * 32, "bilinear to 299")
PROTOCOL = {
    "subject": "runs/one", "pictures": "f1", "generated": 10_000, "reference": 942,
    "split": "test", "resolution": 64, "seed": 0,
}  # fmt: skip


def _table(by: Stamp = OURS, value: float = 12.3456, **protocol: object) -> Scorecard:
    rows = (
        Score("FID", Estimate(value, value - 1, value + 1), "lower"),
        Score(
            "R-precision %", Estimate(value, value - 1, value + 1), "higher", 83.0, {"others": 99}
        ),
    )
    return Scorecard(by, {**PROTOCOL, **protocol}, rows)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    tables = [_table(), _table(THEIRS)]
    write(tmp_path / "evaluation.json", tables)
    assert read(tmp_path / "evaluation.json") == tables


def test_numbers_of_two_measurers_stand_in_two_tables(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    write(path, [_table()])
    write(path, [_table(THEIRS)])
    assert [table.by.kind for table in read(path)] == [FID_INCEPTION, OWN]


def test_a_number_measured_again_replaces_its_own_and_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    write(path, [_table()])
    write(path, [Scorecard(OURS, PROTOCOL, (Score("FID", Estimate(9, 8, 10), "lower"),))])
    (table,) = read(path)
    assert [(row.metric, row.estimate.value) for row in table.rows] == [
        ("R-precision %", 12.3456),
        ("FID", 9),
    ]


def test_numbers_of_a_run_that_was_trained_on_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    write(path, [_table()])
    write(path, [_table(THEIRS, pictures="f2")])
    assert [table.by.kind for table in read(path)] == [FID_INCEPTION]


def test_other_questions_of_the_same_generator_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    test = _table(generator="g1")
    write(path, [test])
    others = [{"split": "val", "pictures": "f2"}, {"seed": 1, "pictures": "f3"}, {"generated": 9}]
    for number_of_tables, changes in enumerate(others, start=2):
        write(path, [_table(generator="g1", **changes)])
        assert len(read(path)) == number_of_tables
    assert test in read(path)
    write(path, [_table(generator="g2")])
    assert len(read(path)) == 1


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    require_replaceable(tmp_path)
    (tmp_path / "evaluation.html").write_text("<html>mine")
    with pytest.raises(InputError) as error:
        require_replaceable(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}/evaluation.html: expected a page of t2i evaluate, got another; "
        "move it elsewhere"
    )
    (tmp_path / "evaluation.json").write_text("mine")
    with pytest.raises(InputError, match="got a file that is none"):
        require_replaceable(tmp_path)


def test_a_table_as_text() -> None:
    assert as_text(_table()) == (
        "by own image encoder judge.keras (abababababab): 10,000 generated, 942 of test, 64 px, "
        "seed 0\n"
        "  FID                          12.35   [11.35, 13.35]\n"
        "  R-precision %                12.35   [11.35, 13.35]   real 83"
    )


DOUBT = "this judge cannot tell: real pictures reach 1.9, guesses 1"


def _judged(real: float | None, **settings: object) -> Score:
    return Score("R-precision %", Estimate(2, 1, 3), "higher", real, dict(settings))


def test_a_judge_for_whom_real_pictures_are_hardly_better_than_guesses_can_not_tell() -> None:
    assert _judged(1.9, chance=1.0).doubt == DOUBT
    seeing = [_judged(2.0, chance=1.0), _judged(1.9), _judged(None, chance=1.0)]
    assert [row.doubt for row in seeing] == ["", "", ""]


def test_the_doubt_stands_below_the_number() -> None:
    table = Scorecard(OURS, PROTOCOL, (_judged(1.9, chance=1.0), _judged(8.1, chance=1.0)))
    assert as_text(table).splitlines()[1:] == [
        "  R-precision %                    2   [1, 3]   real 1.9",
        f"    {DOUBT}",
        "  R-precision %                    2   [1, 3]   real 8.1",
    ]
    blind = Scorecard(OURS, PROTOCOL, (_judged(1.9, chance=1.0),))
    assert compared([blind], [blind], ("a", "b")).splitlines()[3] == f"    {DOUBT}"


def test_two_runs_side_by_side() -> None:
    text = compared(
        [_table(value=12.0)], [_table(value=15.0, subject="runs/two", pictures="f9")],
        ("runs/one", "runs/two"),
    )  # fmt: skip
    lines = text.splitlines()
    assert lines[1].split() == ["runs/one", "runs/two", "difference"]
    assert lines[2].split() == (
        ["FID", "12", "15", "-3", "[-4.414,", "-1.586]", "stands", "out:", "better"]
    )
    assert lines[3].endswith("stands out: worse")
    near = compared([_table(value=12.0)], [_table(value=12.5)], ("a", "b"))
    assert near.splitlines()[2].endswith("within the noise")


def test_two_protocols_are_never_compared() -> None:
    for other in (_table(THEIRS), _table(generated=5_000), _table(split="val")):
        with pytest.raises(ValueError, match="two protocols"):
            compared([_table()], [other], ("a", "b"))


@pytest.mark.parametrize("content", ["", "[]", '{"format": "t2i-evaluation", "version": 1}'])
def test_another_file_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == (
        f"{path}: expected an evaluation, got a file that is none; remove it"
    )


def test_numbers_have_four_digits() -> None:
    assert [number(value) for value in (0.0445912, 12.3456, 1234.56, 123456.7)] == [
        "0.04459", "12.35", "1235", "123,457",
    ]  # fmt: skip
