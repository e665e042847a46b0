"""Which kernels TensorFlow takes is our choice, the user's, or a run's; in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from t2i.compute import backend

PRINT = (
    "import t2i, os; from t2i.compute.backend import choose_kernels, chosen_kernels; "
    "first = chosen_kernels(); choose_kernels({recorded!r}); "
    "print(first, chosen_kernels(), os.environ['TF_ENABLE_ONEDNN_OPTS'])"
)


@pytest.mark.parametrize(
    ("users", "recorded", "expected"),
    [
        (None, None, "1 1 1"),
        (None, "0", "1 0 0"),
        (None, "", "1 1 1"),
        ("0", None, "0 0 0"),
        # A user who knows better is not overruled by a record.
        ("0", "1", "0 0 0"),
    ],
)
def test_the_user_comes_before_the_record_and_the_record_before_us(
    users: str | None, recorded: str | None, expected: str
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    if users is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = users
    command = [sys.executable, "-c", PRINT.format(recorded=recorded)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected.split()


def test_tensorflow_is_imported_without_a_word() -> None:
    script = "from t2i.compute.backend import require_tensorflow as r; r(); print('done')"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_what_was_held_back_is_shown_where_an_import_fails(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fails() -> None:
        with backend._held_back():
            os.write(2, b"no such kernel")
            raise ImportError

    with pytest.raises(ImportError):
        fails()
    assert capfd.readouterr().err == "no such kernel"
    with backend._held_back():
        os.write(2, b"taking some kernels")
    assert capfd.readouterr().err == ""


OTHERS = """
{"floatx": "float16", "image_data_format": "channels_first", "backend": "jax", "epsilon": 0.5}
"""
# The weights of networks that each kind of builder makes, after Keras was imported by the user.
BUILT = """
import {first}
from t2i.encoders.config import ConvolutionConfig, ImageEncoderConfig, TextEncoderConfig
from t2i.encoders.image import build_image_encoder
from t2i.encoders.text import build_text_encoder
from t2i.models.catalogue import offered
from t2i.models.contract import Facts
from t2i.models.dcgan.config import Config, NetworksConfig
shape = TextEncoderConfig(length=20, convolutions=[ConvolutionConfig(filters=4)])
seen = ImageEncoderConfig(image_size=16)
models = [build_text_encoder(shape, 71), build_image_encoder(seen, 4).trained]
small = NetworksConfig(generator_width=4, latent_size=5, text_size=3)
config = Config(image_size=8, networks=small)
models.append(offered(config).build_painting(config, Facts(6, 3)).network)
import keras
print({{str(weight.dtype) for model in models for weight in model.weights}})
print(models[-1].output.shape, keras.config.epsilon())
"""


def _with_settings(
    tmp_path: Path, script: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    (tmp_path / "keras.json").write_text(OTHERS)
    own = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-c", script],
        env=own | {"KERAS_HOME": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("environment", [{}, {"KERAS_BACKEND": "torch"}])
def test_the_users_keras_settings_decide_no_number(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    done = _with_settings(tmp_path, BUILT.format(first="t2i"), **environment)
    assert done.stdout == "{'float32'}\n(None, 8, 8, 3) 1e-07\n", done.stderr


def test_a_process_that_has_another_backend_is_told_in_one_line(tmp_path: Path) -> None:
    script = (
        "import sys, types\n"
        "keras = sys.modules['keras'] = types.ModuleType('keras')\n"
        "keras.config = types.SimpleNamespace(backend=lambda: 'jax')\n"
        "from t2i.compute.backend import settle_keras\n"
        "settle_keras()"
    )
    done = _with_settings(tmp_path, script)
    assert done.stderr.splitlines()[-1] == (
        "t2i.errors.InputError: KERAS_BACKEND: expected tensorflow, got jax, by which keras was "
        "imported before t2i; set it, or import t2i first"
    )


def test_settings_that_keras_refuses_are_told_in_one_line(tmp_path: Path) -> None:
    script = "from t2i.compute.backend import require_tensorflow as r; r()"
    (tmp_path / "home").mkdir()
    (tmp_path / "home/keras.json").write_text('{"epsilon": 1}')
    done = _with_settings(tmp_path, script, KERAS_HOME=str(tmp_path / "home"))
    assert done.stderr.splitlines()[-1].startswith(
        "t2i.errors.InputError: keras.json: expected settings that Keras takes, got "
    )
