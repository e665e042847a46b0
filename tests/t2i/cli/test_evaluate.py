"""The commands as they are typed, and the page that they leave."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from evaluation_samples import write_run

from t2i.cli.main import main


def _said(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_run_is_measured_and_compared(bench, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", seed=5)
    options = ["--data", bench.data, "--judge", bench.judge, "--count", 60]
    said = _said("evaluate", bench.run, *options, "--compare", other)
    for run in (bench.run, other):
        assert f"{run}: evaluation.json, evaluation.html\n" in said
        assert json.loads((run / "evaluation.json").read_text())["format"] == "t2i-evaluation"
    assert re.search(
        r"\n  FID +[\d.]+ +[\d.]+ +-?[\d.]+ +\[.*\] (stands out|within the noise)", said
    )
    assert said.rstrip().endswith("over captions and latents, not over trainings.")
    page = (bench.run / "evaluation.html").read_text()
    assert "<td>FID ↓</td>" in page
    assert "bird" in page
    assert (
        "<p>60 pictures generated, beside 80 real ones of test, which were not trained on "
        "(trained on: train).</p>" in page
    )
    assert "&amp;" in page  # captions are text
    # A judge that learned nothing tells no class from another.
    doubt = re.search(r"\n    (this judge cannot tell: real pictures reach .*, guesses .*)\n", said)
    assert doubt is not None
    assert f"<b>{doubt[1]}</b>" in page
    # By itself: nothing is fetched from anywhere.
    assert set(re.findall(r'(?:src|href)="([^"]{0,10})', page)) == {"data:image"}
    # Eight sentences of a real picture and six, nearest pairs, worst captions.
    assert page.count("<img") == 8 * 7 + 8 * 2 + 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--metrics", "fid,fit"],
            "--metrics: expected names of fid, fid64, kid, is, manifold, top1, variety, "
            "diversity, copying, r-precision, zero-shot, parzen, got 'fit'; choose some",
        ),
        (
            [],
            "--judge: expected an encoder to judge by, got neither it nor --features; train one "
            "with `t2i-prep train-encoder {data} --set seed=1 ...`",
        ),
        (
            ["--metrics", "r-precision", "--features", "{judge}"],
            "{judge}: expected a file of `t2i import-inception`, or InceptionV3 weights of "
            "keras.applications (.h5, without top), got another; see `t2i evaluate --help`",
        ),
    ],
)
def test_wrong_options(bench, options: list[str], message: str) -> None:
    names = {"data": bench.data, "judge": bench.judge}
    options = [option.format(**names) for option in options]
    said = _said("evaluate", bench.run, "--data", bench.data, *options, code=1)
    assert said == f"Error: {message.format(**names)}\n"


def test_a_checkpoint_that_is_none(tmp_path: Path) -> None:
    said = _said("import-inception", tmp_path / "a.pth", code=1)
    assert said == (
        f"Error: {tmp_path / 'a.pth'}: expected a PyTorch checkpoint, got nothing there; "
        "download it\n"
    )
