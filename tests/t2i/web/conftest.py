"""The page as people start it, in a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# Every look-up of a name is told: the server asks for none.
SCRIPT = """
import socket, sys
asked = socket.getaddrinfo
def told(*arguments, **options):
    print("LOOK-UP", arguments, file=sys.stderr, flush=True)
    return asked(*arguments, **options)
socket.getaddrinfo = told
from t2i.cli.main import main
main(sys.argv[1:])
"""


class Served(NamedTuple):
    url: str
    port: int
    runs: list[str]


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shipped birds, and a tiny run beside them."""
    for name in ("starlette", "uvicorn"):
        pytest.importorskip(name, reason=f'no {name}: pip install ".[web]"')
    from evaluation_samples import write_run

    from t2i.painting.inversion.places import written_to
    from t2i.painting.inversion.training import train_inversion
    from t2i.painting.painter import Painter

    tiny = write_run(tmp_path_factory.mktemp("served") / "tiny")
    train_inversion(Painter(tiny), ["a red bird", "a blue bird"], written_to(tiny), 2)
    command = [sys.executable, "-c", SCRIPT, "serve", "birds", str(tiny), "--port", "0"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # In the background a shell has its children ignore it, and theirs.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            port = _port(process)
            yield Served(f"http://127.0.0.1:{port}/", port, ["birds", str(tiny)])
        finally:
            process.send_signal(signal.SIGINT)
            out, complaints = process.communicate(timeout=60)
    # Nothing was looked up, nothing went wrong, and Ctrl-C is a good end.
    assert (complaints, out, process.returncode) == (b"", b"ended\n", 0)


def _port(process: Any) -> int:
    for line in process.stdout:
        if line.startswith(b"http://127.0.0.1:"):
            return int(line.split(b":")[2].split(b"/")[0])
    raise AssertionError(process.stderr.read().decode())


@pytest.fixture(scope="package")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from evaluation_samples import write_run

    return write_run(tmp_path_factory.mktemp("queued") / "run")
