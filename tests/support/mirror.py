"""A mirror on this machine that serves one file, well or in the ways that mirrors go wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Mirror:
    """What the mirror does; every field can be changed at any time.

    Attributes:
        content: of the file.
        breaks_after: bytes after which each answer ends.
        ranges: whether it resumes; else it starts again from the first byte.
        announced: the size it names, where it is not that of the content.
        chunked: names no size at all.
        shifted: bytes by which the parts it sends are off their place.
        statuses: of the next answers; those it has no answer for are errors.
        redirect: where each path but `/file` leads; `{}` in it counts the requests.
        asked: the `Range` of each request, and its path where that is not `/file`.
        url: of the file.
    """

    content: bytes
    breaks_after: int = 1 << 30
    ranges: bool = True
    announced: int | None = None
    chunked: bool = False
    shifted: int = 0
    statuses: list[int] = field(default_factory=list)
    redirect: str = "/file"
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(content: bytes) -> Iterator[Mirror]:
    """Yields a mirror that serves until the block ends."""
    mirror = Mirror(content)

    class Handler(_Handler):
        file = mirror

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mirror.url = f"http://127.0.0.1:{server.server_port}/file"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    file: Mirror
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        file = self.file
        asked = self.headers["Range"]
        file.asked.append(asked if self.path == "/file" else self.path)
        self.close_connection = True
        if self.path != "/file":
            self.send_response(302)
            self.send_header("Location", file.redirect.format(len(file.asked)))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif file.statuses:
            self.send_error(file.statuses.pop(0))
        else:
            # A client that has enough hangs up.
            with suppress(ConnectionError):
                self._send(int(re.sub(r"\D", "", asked)) if asked and file.ranges else None)

    def _send(self, start: int | None) -> None:
        file = self.file
        total = len(file.content) if file.announced is None else file.announced
        if start is not None and start >= len(file.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        place = (start or 0) + file.shifted
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {place}-{total - 1}/{total}")
        if file.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(total - (start or 0)))
        self.end_headers()
        body = file.content[start or 0 :]
        sent = body[: file.breaks_after]
        if file.chunked:
            self.wfile.write(b"%x\r\n%b" % (len(body), sent))
            self.wfile.write(b"\r\n0\r\n\r\n" if sent == body else b"")
        else:
            self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass
