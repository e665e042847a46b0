"""TF_CONFIG is checked before TensorFlow is imported, each mistake in a sentence of its own."""

import json

import pytest

from t2i.compute.cluster import require_cluster
from t2i.errors import InputError

TWO = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
ALONE = "unset it to train on this machine alone"


@pytest.mark.parametrize(
    ("cluster", "task"),
    [(TWO, ("chief", 0)), (TWO, ("worker", 1)), ({"worker": ["b:1"]}, ("worker", "0"))],
)
def test_a_task_of_the_cluster(
    monkeypatch: pytest.MonkeyPatch, cluster: object, task: tuple[str, object]
) -> None:
    content = {"cluster": cluster, "task": {"type": task[0], "index": task[1]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(content))
    assert require_cluster()
    monkeypatch.setenv("TF_CONFIG", "")
    assert not require_cluster()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}},
            f"expected workers beside the chief, got a chief alone; {ALONE}",
        ),
        (
            {"cluster": TWO, "task": {"type": "worker", "index": 2}},
            "expected a task of chief 0, worker 0, worker 1, got worker 2; "
            f"give each machine its own, or {ALONE}",
        ),
        (
            {"cluster": TWO, "task": {"type": "ps", "index": 0}},
            "expected a task of chief 0, worker 0, worker 1, got ps 0; "
            f"give each machine its own, or {ALONE}",
        ),
        ({"cluster": TWO}, None),
        ({"cluster": TWO, "task": {"type": "worker", "index": None}}, None),
        ({"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}, None),
        ({"cluster": [], "task": {"type": "worker", "index": 0}}, None),
        ([], None),
    ],
)
def test_what_is_no_task_of_a_cluster(
    monkeypatch: pytest.MonkeyPatch, content: object, message: str | None
) -> None:
    text = json.dumps(content)
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError) as error:
        require_cluster()
    whole = f"expected JSON with cluster.worker and task, got {text!r}; {ALONE}"
    assert str(error.value) == f"TF_CONFIG: {message or whole}"
