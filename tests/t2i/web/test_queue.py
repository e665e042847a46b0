"""One thread paints for all: in order, together, and nobody loses by another's mistake."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.painting.painter import Painter
from t2i.web import queue as queues
from t2i.web.asked import Paint
from t2i.web.queue import Queue


def asked(sentence: str, count: int = 1, run: str = "a") -> Paint:
    return Paint(run=run, sentence=sentence, count=count)


@pytest.fixture
def painter(tiny_run: Path) -> Painter:
    return Painter(tiny_run)


@pytest.fixture
def held(painter: Painter) -> Iterator[tuple[Queue, threading.Event, list[list[str]]]]:
    """A queue whose thread waits for the event with its first batch; and the batches it took."""
    queue, going, batches = Queue({"a": painter, "b": painter}), threading.Event(), []
    paints = queue._painted

    def painted(jobs):
        batches.append([job.asked.sentence for job in jobs])
        going.wait(60)
        return paints(jobs)

    queue._painted = painted
    yield queue, going, batches
    going.set()
    queue._thread.shutdown()


def test_everyone_gets_what_they_asked_for(painter: Painter) -> None:
    queue = Queue({"a": painter})
    sentences = [f"a {colour} bird {i}" for i in range(10) for colour in ("red", "blue")]
    jobs = [queue.put(asked(text, 1 + i % 3)) for i, text in enumerate(sentences)]
    for job, text in zip(jobs, sentences, strict=True):
        expected = painter.paint([text], job.asked.count, seed=0)[0]
        found = job.pictures.result(60)
        assert found.shape == expected.shape
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_those_who_wait_for_one_run_are_painted_together(held) -> None:
    queue, going, batches = held
    first = queue.put(asked("first"))
    while not batches:
        pass
    jobs = [queue.put(asked(f"a {i}", 16, "ab"[i == 2])) for i in range(7)]
    assert [queue.place(job) for job in (first, *jobs)] == [0, 1, 2, 3, 4, 5, 6, 7]
    queue.leave(jobs[5])
    assert queue.place(jobs[6]) == 6
    going.set()
    for job in (*jobs[:5], jobs[6]):
        job.pictures.result(60)
    # 64 pictures at most, of one run; nobody is overtaken but by those painted with another.
    assert batches == [["first"], ["a 0", "a 1", "a 3", "a 4"], ["a 2"], ["a 6"]]
    assert not jobs[5].pictures.done()


def test_a_sentence_without_words_is_told_to_the_one_who_typed_it(held) -> None:
    queue, going, _ = held
    jobs = [queue.put(asked(text)) for text in ("first", "a red bird", "鳥", "a blue bird")]
    going.set()
    assert jobs[1].pictures.result(60).shape == jobs[3].pictures.result(60).shape
    with pytest.raises(InputError, match="expected words"):
        jobs[2].pictures.result(60)


def test_a_mistake_of_ours_ends_no_thread(held, caplog: pytest.LogCaptureFixture) -> None:
    queue, going, _ = held
    going.set()
    paints = queue._painted
    queue._painted = lambda _: 1 / 0
    with pytest.raises(CancelledError):
        queue.put(asked("a bird")).pictures.result(60)
    queue._painted = paints
    assert queue.put(asked("a bird")).pictures.result(60).shape == (1, 8, 8, 3)
    assert "ZeroDivisionError" in caplog.text


def test_no_more_wait_than_can_be_served(held, monkeypatch: pytest.MonkeyPatch) -> None:
    queue, _, batches = held
    monkeypatch.setattr(queues, "MOST_WAITING", 2)
    queue.put(asked("first"))
    while not batches:
        pass
    for _ in range(2):
        queue.put(asked("a bird"))
    with pytest.raises(InputError) as error:
        queue.put(asked("a bird"))
    assert str(error.value) == (
        "queue: expected at most 2 who wait, got one more; try again in a minute"
    )
    with pytest.raises(InputError) as error:
        queue.put(asked("a bird", run="c"))
    assert str(error.value) == "run: expected one of a, b, got 'c'; choose one"
