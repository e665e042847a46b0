"""Which arithmetic is chosen, and why."""

import re

import pytest
import tensorflow as tf
from bfloat16 import needs_bfloat16

from t2i.compute import precision
from t2i.errors import InputError


@pytest.mark.parametrize("wanted", ["float32", "mixed_bfloat16"])
def test_what_is_configured_is_taken(wanted: str) -> None:
    assert precision.resolve_precision(wanted) == (wanted, "as configured")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("full", "half", "chosen"),
    [(0.010, 0.005, "mixed_bfloat16"), (0.010, 0.0095, "float32"), (0.010, 0.02, "float32")],
)
def test_auto_takes_bfloat16_only_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, full: float, half: float, chosen: str
) -> None:
    monkeypatch.setattr(precision, "bfloat16_limit", lambda: None)
    monkeypatch.setattr(precision, "_seconds", lambda: (full, half))
    name, reason = precision.resolve_precision("auto")
    assert name == chosen
    assert reason == f"a layer takes 10.0 ms in float32, {half * 1e3:.1f} ms in bfloat16"


@needs_bfloat16
def test_auto_measures_this_machine() -> None:
    name, reason = precision.resolve_precision("auto")
    found = re.fullmatch(r"a layer takes ([\d.]+) ms in float32, ([\d.]+) ms in bfloat16", reason)
    assert found
    faster = float(found[1]) > 1.1 * float(found[2])
    assert name == ("mixed_bfloat16" if faster else "float32")


@pytest.mark.parametrize(
    ("environment", "limit"),
    [
        ({}, None),
        ({"ONEDNN_MAX_CPU_ISA": "AVX2"}, "ONEDNN_MAX_CPU_ISA=AVX2"),
        ({"DNNL_MAX_CPU_ISA": "sse41"}, "DNNL_MAX_CPU_ISA=sse41"),
        ({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "DNNL_MAX_CPU_ISA": "AVX2"}, None),
        ({"ONEDNN_MAX_CPU_ISA": "AVX2", "TF_ENABLE_ONEDNN_OPTS": "0"}, None),
    ],
)
def test_nothing_computes_in_bfloat16_where_that_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], limit: str | None
) -> None:
    """TensorFlow takes oneDNN's products by the processor, whatever oneDNN is held to."""
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(precision, "_seconds", lambda: (2.0, 1.0))
    if limit is None:
        assert precision.resolve_precision("auto")[0] == "mixed_bfloat16"
        with precision.policy("mixed_bfloat16"):
            pass
        return
    assert precision.resolve_precision("auto") == ("float32", f"no bfloat16 with {limit}")
    with pytest.raises(InputError) as error, precision.policy("mixed_bfloat16"):
        pytest.fail("layers were built")
    assert str(error.value) == (
        f"training.precision: expected float32 with {limit}, where products of bfloat16 end the "
        "process, got mixed_bfloat16; unset that, or set TF_ENABLE_ONEDNN_OPTS=0"
    )


def test_a_layer_that_fails_in_bfloat16_leaves_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> tuple[float, float]:
        raise tf.errors.AbortedError(None, None, "no such primitive\nat a place")

    monkeypatch.setattr(precision, "bfloat16_limit", lambda: None)
    monkeypatch.setattr(precision, "_seconds", fails)
    assert precision.resolve_precision("auto") == (
        "float32", "a layer fails in bfloat16: no such primitive",
    )  # fmt: skip
