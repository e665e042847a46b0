"""The cluster that TF_CONFIG names, checked before TensorFlow is imported."""

import json
import os
from typing import Any

from t2i.errors import InputError

_ALONE = "unset it to train on this machine alone"


def require_cluster() -> bool:
    """Returns whether there is a cluster to train in: whether TF_CONFIG is set.

    Raises:
        InputError: it is not what TensorFlow expects, or its task is none of the cluster's.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return False
    try:
        content = json.loads(text)
        cluster = {name: _addresses(value) for name, value in content["cluster"].items()}
        if list(cluster) == ["chief"]:
            raise InputError(
                f"TF_CONFIG: expected workers beside the chief, got a chief alone; {_ALONE}"
            )
        kind, index = content["task"]["type"], int(content["task"]["index"])
        cluster["worker"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"TF_CONFIG: expected JSON with cluster.worker and task, got {text!r}; {_ALONE}"
        ) from error
    tasks = [(name, i) for name in ("chief", "worker") for i in range(len(cluster.get(name, ())))]
    if (kind, index) not in tasks:
        raise InputError(
            f"TF_CONFIG: expected a task of {', '.join(f'{name} {i}' for name, i in tasks)}, got "
            f"{kind} {index}; give each machine its own, or {_ALONE}"
        )
    return True


def _addresses(value: Any) -> list[str]:
    """Returns the machines of a kind; raises TypeError where it is no list of texts."""
    if not isinstance(value, list) or not value or not all(isinstance(own, str) for own in value):
        raise TypeError("no list of addresses")
    return value
