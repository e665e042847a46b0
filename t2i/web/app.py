"""The server's answers: the page, what runs there are, and pictures as they come."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.routing import Route

from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.painting.painter import Painter
from t2i.painting.recipe import Recipe, inscribed_png
from t2i.web.asked import MOST_BYTES, Asked, Morph, Paint, read_asked
from t2i.web.queue import Job, Queue
from t2i.web.sums import Add, AddLatents

STATIC = Path(__file__).parent / "static"
# Addresses of this machine alone; and so the only names by which a page elsewhere on the net,
# whose name was made to point here, can't ask.
LOCAL = ("127.0.0.1", "localhost", "[::1]")
# Seconds between two looks at a job, and for a request's body to arrive.
_LOOK, _PATIENCE = 0.1, 10.0
_HEADERS = {
    # Nothing of anybody else's; pictures are shown from the page's own memory.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FILES = {
    "/": "page.html",
    **{f"/{name}": name for name in ("page.css", "gif.js", "arithmetic.js", "page.js")},
}
_FILES["/engine.js"] = "server.js"
Kind = type[Paint] | type[Morph] | type[Add] | type[AddLatents]
_KINDS: dict[str, Kind] = {
    "/paint": Paint,
    "/morph": Morph,
    "/add": Add,
    "/add-latents": AddLatents,
}


def build_app(
    painters: Mapping[str, Painter], examples: Mapping[str, Sequence[str]], local: bool
) -> Any:
    """Returns the application.

    Args:
        painters: by the names that the page shows.
        examples: sentences to click, of each.
        local: answers only those who call it by a name of this machine.
    """
    queue = Queue(painters)
    runs = [
        {
            "name": name,
            "identity": painter.identity,
            "size": painter.config.image_size,
            "examples": list(examples[name]),
        }
        for name, painter in painters.items()
    ]

    async def described(_: Any) -> Any:
        return JSONResponse({"runs": runs}, headers=_HEADERS)

    def painted(kind: Kind) -> Any:
        async def answer(request: Any) -> Any:
            return await _answer(request, queue, painters, kind)

        return answer

    routes = [Route(path, _file(name)) for path, name in _FILES.items()]
    routes.append(Route("/runs", described))
    routes += [Route(path, painted(kind), methods=["POST"]) for path, kind in _KINDS.items()]
    hosts = list(LOCAL) if local else ["*"]
    return Starlette(
        routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)]
    )


def _file(name: str) -> Any:
    async def answer(_: Any) -> Any:
        return FileResponse(STATIC / name, headers=_HEADERS)

    return answer


async def _answer(request: Any, queue: Queue, painters: Mapping[str, Painter], kind: Kind) -> Any:
    """Returns a stream of lines, JSON each: places in the queue, then the pictures or an error."""
    # A form on somebody else's page can't send this type without asking first.
    if request.headers.get("content-type") != "application/json":
        return _error("request: expected application/json, got another type; use the page", 415)
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _body(request)
        job = queue.put(read_asked(body, kind))
    except InputError as error:
        return _error(str(error), 400)
    except (TimeoutError, ClientDisconnect):
        return _error("request: expected all of it within ten seconds, got a part; try again", 408)
    lines = _lines(queue, job, painters[job.asked.run])
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=_HEADERS)


def _error(message: str, status: int) -> Any:
    return JSONResponse({"error": message}, status, headers=_HEADERS)


async def _body(request: Any) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise InputError(f"request: expected at most {MOST_BYTES} bytes, got more; say less")
    return body


async def _lines(queue: Queue, job: Job, painter: Painter) -> AsyncIterator[str]:
    pictures, said = asyncio.wrap_future(job.pictures), -1
    try:
        while not pictures.done():
            place = queue.place(job)
            if place != said:
                yield json.dumps({"place": place}) + "\n"
                said = place
            await asyncio.wait([pictures], timeout=_LOOK)
        files = await asyncio.to_thread(_files, job.asked, await pictures, painter.identity)
        yield json.dumps({"pictures": files}) + "\n"
    except InputError as error:
        yield json.dumps({"error": str(error)}) + "\n"
    except CancelledError:
        yield json.dumps({"error": "painting failed; see what the server says"}) + "\n"
    finally:
        queue.leave(job)


def _files(asked: Asked, pictures: Pixels, identity: str) -> list[str]:
    """Returns the PNG file of each picture, in base64; those of ways and sums say nothing."""
    return [
        base64.b64encode(inscribed_png(picture, _recipe(asked, index, identity))).decode()
        for index, picture in enumerate(pictures)
    ]


def _recipe(asked: Asked, index: int, identity: str) -> Recipe | None:
    if not isinstance(asked, Paint):
        return None
    return Recipe(asked.sentence, asked.seed, index, asked.variety, identity)
