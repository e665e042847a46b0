"""What is cheap to check is told before TensorFlow is imported."""

import json
import subprocess
import sys
from pathlib import Path

from pairs_samples import IMPORTED, image, table

from t2i.pairs.writing import writing

_NO_ENCODER = "expected an encoder, got nothing there; make one with `t2i-prep train-encoder`"
_NO_RUN = "expected a run directory, got no config.yaml there; train one with `t2i train`"
# Of t2i or t2i-prep, and what is wrong with it.
_COMMANDS = {
    "t2i evaluate nowhere --data birds.h5 --judge judge.keras": (
        "nowhere: expected a run directory or a folder of pictures, got nothing there; train one "
        "with `t2i train`"
    ),
    "t2i evaluate . --data birds.h5 --judge judge.keras": f"judge.keras: {_NO_ENCODER}",
    "t2i evaluate . --data birds.h5 --features lite": (
        "lite: expected efficientnet-lite0, efficientnet-lite1, efficientnet-lite2 or the weights "
        "of an Inception, got nothing there; choose one, or leave --features out"
    ),
    "t2i train tiny --data birds.h5 --run run --judge judge.keras": f"judge.keras: {_NO_ENCODER}",
    "t2i train tiny --data birds.h5 --run run --from nowhere": f"nowhere: {_NO_RUN}",
    "t2i export nowhere page.html --format page": f"nowhere: {_NO_RUN}",
    "t2i serve birds nowhere": f"nowhere: {_NO_RUN}",
    "t2i-prep train-encoder birds.h5 --config encoder_small --out e.h5": (
        "e.h5: expected a name ending in .keras, got 'e.h5'; add it"
    ),
    "t2i-prep import-encoder e.t7 --out e": "e: expected a name ending in .keras, got 'e'; add it",
}
_SCRIPT = """\
import json, sys
from click.testing import CliRunner
from prep.cli.main import main as prep
from t2i.cli.main import main as t2i
said = {}
for line in json.loads(sys.argv[1]):
    command, *words = line.split()
    said[line] = CliRunner().invoke(prep if command == "t2i-prep" else t2i, words).output
print(json.dumps([said, "tensorflow" in sys.modules]))
"""


def test_each_mistake_is_told_at_once(tmp_path: Path) -> None:
    with writing(tmp_path / "birds.h5", 4, "a test", encoder=IMPORTED) as pairs:
        pairs.add("train", image(0), ["a bird"], 1, "a", table("val"))
    command = [sys.executable, "-c", _SCRIPT, json.dumps(list(_COMMANDS))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    said = {line: f"Error: {message}\n" for line, message in _COMMANDS.items()}
    assert json.loads(done.stdout) == [said, False]
    assert [path.name for path in tmp_path.iterdir()] == ["birds.h5"]
