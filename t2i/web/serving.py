"""`t2i serve`: runs loaded, a port taken, and the page on it until it is interrupted."""

import importlib.util
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError
from t2i.runs.shipping import run_named
from t2i.web.examples import examples_of

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(runs: Sequence[Path], host: str, port: int, say: Callable[[str], None]) -> None:
    """Shows the page until Ctrl-C.

    Args:
        runs: run directories, or names of shipped ones; each by another name.
        host: address that is listened on.
        port: 0 takes any that is free.
        say: called with the lines that the user should read.

    Raises:
        InputError: a run can't be loaded, the port is taken, or the extra is not installed.
    """
    for name in ("starlette", "uvicorn"):
        if importlib.util.find_spec(name) is None:
            raise InputError(
                f'{name}: expected to be installed, got nothing; run pip install ".[web]"'
            )
    with _listening(host, port) as listening:
        require_tensorflow()
        import uvicorn

        from t2i.painting.painter import Painter
        from t2i.web.app import build_app

        painters = {str(run): Painter(run_named(run)) for run in runs}
        examples = {str(run): examples_of(run_named(run)) for run in runs}
        local = host in _LOOPBACK
        app = build_app(painters, examples, local, _inverters(painters, say))
        port = listening.getsockname()[1]
        if not local:
            say(
                f"open to everyone who reaches this machine at port {port}: there is no password, "
                "and what is typed goes over the net as it is"
            )
        shown = f"[{host}]" if ":" in host else host
        say(f"http://{shown}:{port}/ paints with {', '.join(painters)}; Ctrl-C ends it")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        try:
            uvicorn.Server(config).run([listening])
        except KeyboardInterrupt:
            say("ended")


def _inverters(painters: Mapping[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Returns what finds latents, of those runs that have it for their generator."""
    from t2i.painting.inversion.inverter import Inverter
    from t2i.painting.inversion.places import inversion_of

    found = {}
    for name, painter in painters.items():
        try:
            path = inversion_of(Path(name))
        except InputError:
            # A page without one's own picture is a page.
            continue
        try:
            found[name] = Inverter(painter, path)
        except InputError as error:
            say(f"{error}; until then the page takes no pictures for it")
    return found


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        # Python adds the address in brackets; it is said already.
        reason = str(getattr(error, "strerror", "no such port")).partition(" (")[0]
        raise InputError(
            f"--port: expected a free one, got {host} port {port} ({reason}); choose another"
        ) from error
