"""One thread that paints for all, what waits for it, and each one's place."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from t2i.errors import InputError
from t2i.images.pixels import Pixels, to_uint8
from t2i.models.contract import Floats
from t2i.painting.painter import Painter
from t2i.web.asked import TOGETHER, Asked
from t2i.web.photo import MOST_PHOTOS, Photo

# Requests that may wait: more are turned away at once, as their turn would come when nobody waits
# for them any more.
MOST_WAITING = 256


@dataclass(eq=False)
class Job:
    """A request on its way.

    Attributes:
        asked: what is wanted.
        pictures: uint8 [n, s, s, C] when it is done, or an InputError; cancelled where painting
            failed by a mistake of ours.
        identity: of what painted them; see `Painter`.
    """

    asked: Asked
    pictures: "Future[Pixels]" = field(default_factory=Future)
    identity: str = ""


class Queue:
    """The requests that wait, first come, first painted."""

    def __init__(self, painters: Mapping[str, Painter]) -> None:
        """Paints one picture with each painter, so that nobody waits for that.

        Args:
            painters: by the names that requests call them.
        """
        self._painters = painters
        self._traced = {name: _traced(painter) for name, painter in painters.items()}
        self._waiting: deque[Job] = deque()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "painting")

    def put(self, asked: Asked) -> Job:
        """Returns the job of a request, which waits from now on.

        Raises:
            InputError: there is no such run, or too many wait.
        """
        if asked.run not in self._painters:
            raise InputError(
                f"run: expected one of {', '.join(self._painters)}, got {asked.run!r}; choose one"
            )
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise InputError(
                    f"queue: expected at most {MOST_WAITING} who wait, got one more; "
                    "try again in a minute"
                )
            photos = sum(isinstance(waiting.asked, Photo) for waiting in self._waiting)
            if isinstance(asked, Photo) and photos >= MOST_PHOTOS:
                raise InputError(
                    f"queue: expected at most {MOST_PHOTOS} pictures that wait to be looked at, "
                    "got one more; try again in a minute"
                )
            job = Job(asked)
            self._waiting.append(job)
        # A mistake of ours ends up in the log; the thread goes on.
        self._thread.submit(self._next).add_done_callback(Future.result)
        return job

    def refresh(self) -> "Future[None]":
        """Looks, when its turn comes, whether a run has a newer checkpoint, which then paints."""
        return self._thread.submit(self._refresh)

    def _refresh(self) -> None:
        for painter in self._painters.values():
            painter.refresh()

    def place(self, job: Job) -> int:
        """Returns how many wait up to this job, itself included; 0 when it is being painted."""
        with self._lock:
            return self._waiting.index(job) + 1 if job in self._waiting else 0

    def leave(self, job: Job) -> None:
        """Takes a job out that nobody waits for any more."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)

    def _next(self) -> None:
        """Paints the next batch; it may have been painted with the one before."""
        with self._lock:
            jobs = _batch(self._waiting)
        try:
            for job, pictures in self._painted(jobs) if jobs else ():
                if isinstance(pictures, InputError):
                    job.pictures.set_exception(pictures)
                else:
                    job.pictures.set_result(pictures)
        finally:
            for job in jobs:
                job.pictures.cancel()

    def _painted(self, jobs: Sequence[Job]) -> list[tuple[Job, Pixels | InputError]]:
        """Returns what each job of one run asked for, or what is wrong with it."""
        painter, paint = self._painters[jobs[0].asked.run], self._traced[jobs[0].asked.run]
        painter.refresh()
        done: list[tuple[Job, Pixels | InputError]] = []
        rows: list[tuple[Floats, Floats]] = []
        good: list[Job] = []
        for job, embedding in zip(jobs, _embedded(painter, jobs), strict=True):
            if isinstance(embedding, InputError):
                done.append((job, embedding))
                continue
            try:
                rows.append(job.asked.rows(painter, embedding))
            except InputError as error:
                done.append((job, error))
            else:
                good.append(job)
        if good:
            inputs = (tf.constant(np.concatenate(parts)) for parts in zip(*rows, strict=True))
            pictures = to_uint8(paint(*inputs).numpy())
            for job in good:
                job.identity = painter.identity
            ends = np.cumsum([len(latent) for _, latent in rows])[:-1]
            done += zip(good, np.split(pictures, ends), strict=True)
        return done


def _embedded(painter: Painter, jobs: Sequence[Job]) -> list[Floats | InputError]:
    """Returns the embeddings [k, d] of each job's sentences, or what is wrong with them."""
    texts = [text for job in jobs for text in job.asked.sentences]
    if not texts:
        return [np.empty((0, painter.embedder.embedding_size), np.float32)] * len(jobs)
    try:
        # Together they take hardly longer than one.
        found = painter.embed(texts)
    except InputError as error:
        return [error] if len(jobs) == 1 else [_embedded(painter, [job])[0] for job in jobs]
    ends = np.cumsum([len(job.asked.sentences) for job in jobs])[:-1]
    return list(np.split(found, ends))


def _batch(waiting: deque[Job]) -> list[Job]:
    """Takes the first job out, and those of its run behind it that fit one batch."""
    jobs: list[Job] = []
    pictures = 0
    for job in list(waiting):
        pictures += job.asked.pictures
        if jobs and (job.asked.run != jobs[0].asked.run or pictures > TOGETHER):
            pictures -= job.asked.pictures
            continue
        waiting.remove(job)
        jobs.append(job)
    return jobs


def _traced(painter: Painter) -> Any:
    """Returns (embedding [n, d], latent [n, z]) -> image [n, s, s, C], traced once for any n."""
    shapes = {name: tensor.shape[1] for name, tensor in painter.network.input.items()}

    def paint(embedding: Any, latent: Any) -> Any:
        return painter.network({"embedding": embedding, "latent": latent}, training=False)

    signature = [tf.TensorSpec((None, shapes[name])) for name in ("embedding", "latent")]
    traced = tf.function(paint, input_signature=signature)
    traced(*(tf.zeros((1, shapes[name])) for name in ("embedding", "latent")))
    with suppress(InputError):
        painter.embed(["a"])
    return traced
