"""One's own picture: bounded, looked at by the run that can, and painted for a sentence."""

import http.client
import io
import json
from typing import Any

import numpy as np
import pytest
from inversion_samples import WORDS, other_painter, painted, painter
from PIL import Image

from t2i.errors import InputError
from t2i.painting.inversion.inverter import Inverter
from t2i.painting.inversion.training import train_inversion
from t2i.web import photo, queue
from t2i.web.asked import read_asked
from t2i.web.photo import Photo, Restyle
from t2i.web.queue import Queue

BINARY = "application/octet-stream"
RESTYLE = {"run": "a", "sentence": "one", "latent": [0.0, 0.5, -1.0]}


def post(served: Any, path: str, body: bytes, kind: str) -> tuple[int, dict[str, Any]]:
    """Returns the status, and the last line of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    connection.request("POST", path, body, {"content-type": kind})
    answer = connection.getresponse()
    last = json.loads(answer.read().splitlines()[-1])
    connection.close()
    return answer.status, last


def picture(kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 8), "red").save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def inverter(tmp_path_factory: pytest.TempPathFactory) -> Inverter:
    made, path = painter(), tmp_path_factory.mktemp("photo") / "inversion.keras"
    train_inversion(made, WORDS, path, 40)
    return Inverter(made, path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent": []}, "latent: expected"),
        ({"latent": [float("nan")]}, "latent.0: expected a finite number, got nan"),
        ({"latent": [1e9]}, "latent.0: expected less than or equal to 20"),
        ({"sentence": ""}, "sentence: expected"),
    ],
)
def test_what_is_asked_for_is_bounded(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        read_asked(json.dumps(RESTYLE | change).encode(), Restyle)
    assert str(error.value).startswith(message)


def test_a_photo_is_found_alone_and_painted_for_a_sentence(inverter: Inverter) -> None:
    made = inverter.painter
    pictures, _, latent = painted(made, 3, seed=9)
    waiting = Queue({"a": made})
    first = Photo("a", None, pictures[0], inverter)
    jobs = [waiting.put(asked) for asked in (first, Photo("a", "two", pictures[1], inverter))]
    again = [job.pictures.result(timeout=60) for job in jobs]
    assert [picture.shape for picture in again] == [(1, 8, 8, 3)] * 2
    assert np.abs(again[0][0].astype(int) - pictures[0]).mean() < 25
    np.testing.assert_allclose(first.latent[:2], latent[0, :2], atol=0.5)
    restyled = waiting.put(Restyle(run="a", sentence="three", latent=first.latent))
    expected = made.paint_rows(made.embedder.embed(["three"]), np.float32([first.latent]))
    assert np.abs(restyled.pictures.result(timeout=60).astype(int) - expected).max() <= 1
    short = waiting.put(Restyle(run="a", sentence="three", latent=[0.0]))
    with pytest.raises(InputError) as error:
        short.pictures.result(timeout=60)
    assert str(error.value) == "latent: expected 3 numbers, got 1; look at the picture again"


def test_of_other_weights_it_is_said(inverter: Inverter) -> None:
    other = other_painter()
    job = Queue({"a": other}).put(Photo("a", None, np.zeros((8, 8, 3), np.uint8), inverter))
    with pytest.raises(InputError, match="got newer ones of a; repeat t2i train-inversion"):
        job.pictures.result(timeout=60)


def test_few_photos_may_wait(inverter: Inverter, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Queue({"a": inverter.painter})
    monkeypatch.setattr(queue.Queue, "_next", lambda _: None)
    asked = Photo("a", None, np.zeros((8, 8, 3), np.uint8), inverter)
    for _ in range(photo.MOST_PHOTOS):
        waiting.put(asked)
    with pytest.raises(InputError) as error:
        waiting.put(asked)
    assert str(error.value) == (
        "queue: expected at most 8 pictures that wait to be looked at, got one more; "
        "try again in a minute"
    )
    waiting.put(Restyle(run="a", sentence="one", latent=[0.0] * 3))


def test_an_upload_is_looked_at(served: Any) -> None:
    status, said = post(served, f"/photo?run={served.runs[1]}", picture(), BINARY)
    assert (status, len(said["pictures"]), len(said["latent"])) == (200, 2, 5)
    asked = {"run": served.runs[1], "sentence": "a blue bird", "latent": said["latent"]}
    _, restyled = post(served, "/restyle", json.dumps(asked).encode(), "application/json")
    assert len(restyled["pictures"]) == 1


@pytest.mark.parametrize(
    ("where", "body", "kind", "status", "message"),
    [
        ("?run=birds", picture(), BINARY, 400, "run: expected one that finds latents, got 'birds'"),
        ("", picture(), BINARY, 400, "run: expected a value, got nothing"),
        ("?run={}", b"no picture", BINARY, 400, "picture: expected a picture in JPEG, PNG"),
        ("?run={}", picture("ICNS"), BINARY, 400, "picture: expected a picture in JPEG, PNG"),
        ("?run={}", bytes((16 << 20) + 1), BINARY, 400, "request: expected at most 16777216 bytes"),
        ("?run={}", picture(), "image/png", 415, "picture: expected application/octet-stream"),
    ],
)
def test_what_is_wrong_with_an_upload_is_said(
    served: Any, where: str, body: bytes, kind: str, status: int, message: str
) -> None:
    found, said = post(served, "/photo" + where.format(served.runs[1]), body, kind)
    assert found == status
    assert said["error"].startswith(message)
