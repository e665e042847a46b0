"""What `t2i train` says when pictures of a sentence stop to differ, on a training played to it."""

from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest
from click.testing import CliRunner
from miniature import write_pairs

from t2i.cli.main import main
from t2i.training import trainer

CONFIG = "image_size: 8\ntraining: {epochs: 4, batch_size: 8}\n"


@pytest.mark.parametrize("name", ["evaluation/variety", "g/variety"])
def test_pictures_that_differ_half_as_much_are_told_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Played:
        done, parameters = 0, MappingProxyType({"generator": 1})
        config = SimpleNamespace(
            model="dcgan", image_size=8, training=SimpleNamespace(batch_size=8)
        )
        plan = SimpleNamespace(
            images=21, classes=3, captions=63, steps=5, replicas=1, steps_per_epoch=2,
            precision="float32", data="device", notes=(),
        )  # fmt: skip

        def __init__(self, *_: object) -> None:
            pass

        def train(self, watch, _) -> None:
            for step, value in enumerate([0.9, 0.8, 0.44, 0.1, 0.0], start=1):
                watch(step, {"images_per_second": 9.0})
                watch(step, {name: value})

    monkeypatch.setattr(trainer, "Trainer", Played)
    config, data = tmp_path / "tiny.yaml", write_pairs(tmp_path / "birds.h5")
    config.write_text(CONFIG)
    arguments = ["train", str(config), "--data", str(data), "--run", str(tmp_path / "run")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    told = (
        "step 3: pictures of a sentence differ half as much as they did "
        f"({name} 0.44); G may be collapsing, an older checkpoint may be the better one\n"
    )
    assert result.stderr.count("G may be collapsing") == 1
    assert told in result.stderr
    assert "collapsing" not in result.stdout
