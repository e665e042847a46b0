"""Curves are read while they are written, and from anybody's run."""

from pathlib import Path

from t2i.runs.curves import read_curves
from t2i.runs.directory import Run

LINES = """\
{"step": 2, "g/adversarial": 1.5, "d/fake": 1.0}
{"step": 4, "g/adversarial": 1.25, "evaluation/fid": 30.0}
no line of ours
[1]
{"step": "six", "g/adversarial": 7.0}
{"step": 6, "g/adversarial": NaN, "evaluation/fid": 20.0}
{"step": 8, "g/adversarial": "high"}
"""


def test_what_is_not_a_whole_point_is_passed_over(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert read_curves(run, ["g/adversarial"]) == {}
    run.metrics.write_text(LINES + '{"step": 10, "g/adversarial": 1.0}')
    expected = {
        "g/adversarial": [(2, 1.5), (4, 1.25)],
        "evaluation/fid": [(4, 30.0), (6, 20.0)],
    }
    assert read_curves(run, ["g/adversarial", "d/fake"]) == expected
    run.metrics.write_text(LINES + '{"step": 10, "g/adversarial": 1.0}\n')
    assert read_curves(run, ["g/adversarial"])["g/adversarial"][-1] == (10, 1.0)
