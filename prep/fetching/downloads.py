"""One file over HTTPS from one mirror, resumed where an earlier attempt broke off."""

import re
import socket
import time
from email.message import Message
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from t2i.errors import InputError
from t2i.progress import Progress

# Bytes that are here, and altogether where that is known.

_SCHEMES = ("https",)
_TIMEOUT_S = 30.0
_PAUSE_S = 1.0
# In a row, that bring nothing new.
_ATTEMPTS = 3
_CHUNK = 1 << 18
# No published file of an unknown size comes near.
_MAX_BYTES = 1 << 34
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
_PART = re.compile(r"bytes (\d{1,19})-", re.ASCII)


class MirrorError(Exception):
    """A mirror that does not give the file; another one may."""


def download(url: str, part: Path, size: int | None, what: str, progress: Progress) -> None:
    """Appends to `part` whatever it lacks of a file, and tries again when a connection breaks.

    Args:
        url: of the file.
        part: what there is of it, or nothing yet. It stays when an error ends the attempts.
        size: bytes of the whole file, where they are known.
        what: is fetched, in words.
        progress: of the bytes.

    Raises:
        MirrorError: the mirror can't be reached, breaks off again and again, or offers a file
            of another size.
        InputError: `part` can't be written.
    """
    if urlsplit(url).scheme not in _SCHEMES:
        raise MirrorError(f"expected https, got {url[:80]!r}")
    attempts, most = _ATTEMPTS, _present(part)
    while True:
        before = _present(part)
        try:
            if before == size or _receive(url, part, size, what, progress):
                return
            reason = "the connection broke off"
        except HTTPError as error:
            error.close()
            reason = f"HTTP {error.code} {' '.join(error.reason.split())}"
            if error.code == 416:
                if _total(error.headers) == before:
                    return
                part.unlink(missing_ok=True)
            elif error.code != 429 and error.code < 500:
                raise MirrorError(reason) from error
        except (OSError, HTTPException, ValueError) as error:
            cause = error.reason if isinstance(error, URLError) else error
            reason = " ".join(str(cause).split()) or type(cause).__name__
            if isinstance(cause, socket.gaierror):
                raise MirrorError(f"no address; is there a network? ({cause.strerror})") from error
        # More than ever before: one that starts again and again gets nowhere.
        attempts = _ATTEMPTS if _present(part) > most else attempts - 1
        most = max(most, _present(part))
        if not attempts:
            raise MirrorError(reason)
        time.sleep(_PAUSE_S * (_ATTEMPTS - attempts + 1))


def _receive(url: str, part: Path, size: int | None, what: str, progress: Progress) -> bool:
    """Returns whether the whole file has come; the answer may break off anywhere."""
    have = _present(part)
    headers = {"User-Agent": "t2i-prep", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with _OPENER.open(Request(url, headers=headers), timeout=_TIMEOUT_S) as response:
        start, total = _extent(response)
        limit = _MAX_BYTES if size is None else size
        if start not in (0, have):
            raise MirrorError(f"expected the bytes from {have} on, got those from {start} on")
        if total is not None and (total > limit or size not in (None, total)):
            raise MirrorError(f"expected {limit:,} bytes, got a file of {total:,}")
        whole = total if size is None else size
        with _opened(part, "ab" if start else "wb") as file:
            done = start
            while content := response.read1(_CHUNK):
                done += len(content)
                if done > limit:
                    raise MirrorError(f"expected {limit:,} bytes, got more")
                _write(file, content, part)
                progress(what, done, whole)
    # Where nobody says how long it is, an answer that ends well is the whole.
    return whole is None or done == whole


def _extent(response: HTTPResponse) -> tuple[int, int | None]:
    """Returns the place of the first byte that comes, and the size of the whole file if known."""
    if response.status != 206:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if _NUMBER.fullmatch(length) else None
    match = _PART.match(response.headers.get("Content-Range", ""))
    if not match:
        raise MirrorError("expected bytes and their place, got no place")
    return int(match[1]), _total(response.headers)


def _total(headers: Message) -> int | None:
    """Returns the size of the whole file that the header of a part names."""
    total = headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if _NUMBER.fullmatch(total) else None


def _present(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _opened(part: Path, mode: str) -> IO[bytes]:
    try:
        return part.open(mode)
    except OSError as error:
        raise _unwritable(part, error) from error


def _write(file: IO[bytes], content: bytes, part: Path) -> None:
    try:
        file.write(content)
        file.flush()
    except OSError as error:
        raise _unwritable(part, error) from error


def _unwritable(part: Path, error: OSError) -> InputError:
    return InputError(
        f"{part}: expected a place with room to write, got {error.strerror}; "
        "make room, or choose another folder"
    )


class _Redirects(HTTPRedirectHandler):
    """Follows few, and none that leads away from HTTPS."""

    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in _SCHEMES:
            raise HTTPError(req.full_url, code, f"that leads to {newurl[:80]!r}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = build_opener(_Redirects)
