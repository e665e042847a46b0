"""Which arithmetic is chosen, and why."""

import re

import pytest

from t2i.compute import precision


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
    monkeypatch.setattr(precision, "_seconds", lambda: (full, half))
    name, reason = precision.resolve_precision("auto")
    assert name == chosen
    assert reason == f"a layer takes 10.0 ms in float32, {half * 1e3:.1f} ms in bfloat16"


def test_auto_measures_this_machine() -> None:
    name, reason = precision.resolve_precision("auto")
    found = re.fullmatch(r"a layer takes ([\d.]+) ms in float32, ([\d.]+) ms in bfloat16", reason)
    assert found
    faster = float(found[1]) > 1.1 * float(found[2])
    assert name == ("mixed_bfloat16" if faster else "float32")
