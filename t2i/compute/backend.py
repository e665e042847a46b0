"""TensorFlow's kernels, chosen by us before it is imported, and in this one place.

TensorFlow turns oneDNN's kernels on by the processor: on those without AVX-512 VNNI they are off,
where a step of training takes nearly twice as long. They are on here unless the user's
environment, or the record of a run that began with others, says otherwise: another choice rounds
otherwise.
"""

import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from t2i.errors import InputError

KERNELS = "TF_ENABLE_ONEDNN_OPTS"
_CHOSEN = "1"
_USERS = os.environ.get(KERNELS)
# What holds oneDNN to less than the processor has, and what it then has no bfloat16 by. TensorFlow
# looks at the processor alone: its convolutions raise then, its products end the process.
_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2"}
# Whatever the user's own settings are: what is here is written for it.
if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"


def choose_kernels(recorded: str | None = None) -> str:
    """Sets which kernels TensorFlow takes when it is imported; returns the choice.

    Args:
        recorded: the choice that a run began with.
    """
    choice = _USERS or recorded or _CHOSEN
    os.environ[KERNELS] = choice
    return choice


def chosen_kernels() -> str:
    """Returns the choice that holds."""
    return os.environ[KERNELS]


def bfloat16_limit() -> str | None:
    """Returns the user's setting, `NAME=VALUE`, under which nothing may compute in bfloat16."""
    if chosen_kernels().lower() in ("0", "false"):
        return None
    # The first that is set holds, as in oneDNN.
    limit = next((f"{name}={os.environ[name]}" for name in _LIMITS if os.environ.get(name)), "")
    return limit if limit.partition("=")[2].upper() in _WITHOUT_BFLOAT16 else None


def require_tensorflow() -> None:
    """Imports TensorFlow, quietly; raises InputError when it is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        raise InputError(
            "tensorflow: expected to be installed, got nothing; "
            'run pip install ".[cpu]", or ".[gpu]" where there is CUDA'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _held_back():
        try:
            # It has a Keras of old inside, which reads the same settings.
            importlib.import_module("tensorflow")
            importlib.import_module("keras")
        except (ValueError, AssertionError) as error:
            raise InputError(
                "keras.json: expected settings that Keras takes, got "
                f"{error or 'a value that it does not'}; correct the file, ~/.keras/keras.json or "
                "that in KERAS_HOME"
            ) from error


def settle_keras() -> None:
    """Sets what decides the numbers of a network as it is here, whatever ~/.keras/keras.json says.

    Wherever networks are built. A run's record names its precision; nothing else may change it.

    Raises:
        InputError: Keras computes by something else than TensorFlow.
    """
    keras = importlib.import_module("keras")
    if keras.config.backend() != "tensorflow":
        raise InputError(
            f"KERAS_BACKEND: expected tensorflow, got {keras.config.backend()}, by which keras was "
            "imported before t2i; set it, or import t2i first"
        )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    if keras.config.dtype_policy().name != "float32":
        keras.config.set_dtype_policy("float32")


@contextmanager
def _held_back() -> Iterator[None]:
    """Keeps what a library writes to standard error by itself; shows it where the block raises.

    TensorFlow says which kernels it takes, whatever TF_CPP_MIN_LOG_LEVEL is, and has no switch.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        before, well = os.dup(2), False
        os.dup2(held.fileno(), 2)
        try:
            yield
            well = True
        finally:
            os.dup2(before, 2)
            os.close(before)
            if not well:
                held.seek(0)
                os.write(2, held.read())
