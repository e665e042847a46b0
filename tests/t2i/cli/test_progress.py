"""What long work says: a bar on a terminal, plain lines elsewhere, and running totals always."""

import io
import sys

import pytest

from t2i.cli import progress
from t2i.cli.progress import Bars


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _told(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    """300 of 12,000 pictures were there; the rest comes in three parts, a second each."""
    now = iter(range(1000))
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(progress, "_SECONDS_A_LINE", 2.0)
    with Bars("picture") as bars:
        for done in (300, 4200, 8100, 12_000):
            bars("drawing", done, 12_000)
            bars.note("loss 2")
    return stream.getvalue()


def test_a_log_holds_whole_lines_with_running_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _told(monkeypatch, io.StringIO())
    lines = text.splitlines()
    assert "\r" not in text
    assert "\x1b" not in text
    assert lines[0] == "drawing: 4,200 pictures in 3 s, 35 %, about 6 s left, loss 2"
    assert lines[-1] == "drawing: 12,000 pictures in 7 s, loss 2"


def test_a_bar_on_a_terminal_ends_at_its_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := _Terminal())
    with Bars("picture") as bars:
        for done in range(0, 13, 4):
            bars("drawing", done, 12)
    assert "12/12" in terminal.getvalue()
    assert "24/12" not in terminal.getvalue()


def test_a_note_goes_when_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    with Bars("metric") as bars:
        bars("metrics", 0, 1)
        bars.note("fid")
        bars.note("")
        bars("metrics", 1, 1)
    assert log.getvalue().startswith("metrics: 1 metric in ")
    assert log.getvalue().endswith(" s\n")


def test_bytes_are_counted_in_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    with Bars("B") as bars:
        bars("birds.tgz", 0)
        bars("birds.tgz", 2_500_000)
    assert log.getvalue().startswith("birds.tgz: 2.5 MB in ")


def test_a_work_that_comes_again_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    with Bars("picture") as bars:
        for total in (40, 30):
            for done in range(10, total + 1, 10):
                bars("judging", done, total)
    ends = [line.split(" in ")[0] for line in log.getvalue().splitlines()]
    assert ends == ["judging: 40 pictures", "judging: 30 pictures"]
