"""The server's answers: the page, what runs there are, and pictures as they come."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.routing import Route

from t2i.config.file import validated
from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.painting.inversion.inverter import Inverter
from t2i.painting.painter import Painter
from t2i.painting.recipe import Recipe, inscribed_png
from t2i.web.asked import MOST_BYTES, Asked, Morph, Paint, read_asked
from t2i.web.photo import MOST_PHOTO_BYTES, MOST_READ, Photo, Restyle, Shown
from t2i.web.queue import Job, Queue
from t2i.web.sums import Add, AddLatents
from t2i.web.watched import Watched

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
    **{
        f"/{name}": name
        for name in ("page.css", "gif.js", "arithmetic.js", "runs.js", "photo.js", "page.js")
    },
}
_FILES["/engine.js"] = "server.js"
Kind = type[Paint] | type[Morph] | type[Add] | type[AddLatents] | type[Restyle]
_KINDS: dict[str, Kind] = {
    "/paint": Paint,
    "/morph": Morph,
    "/add": Add,
    "/add-latents": AddLatents,
    "/restyle": Restyle,
}


def build_app(
    painters: Mapping[str, Painter],
    examples: Mapping[str, Sequence[str]],
    local: bool,
    inverters: Mapping[str, Inverter] = MappingProxyType({}),
) -> Any:
    """Returns the application.

    Args:
        painters: by the names that the page shows.
        examples: sentences to click, of each.
        local: answers only those who call it by a name of this machine.
        inverters: of those painters that find the latents of pictures.
    """
    queue, reading = Queue(painters), asyncio.Semaphore(MOST_READ)
    watched = Watched(queue, painters, examples, inverters)

    async def described(_: Any) -> Any:
        runs = await asyncio.to_thread(watched.described)
        return JSONResponse({"runs": runs}, headers=_HEADERS)

    def painted(kind: Kind) -> Any:
        async def answer(request: Any) -> Any:
            return await _answer(request, queue, kind)

        return answer

    async def photo(request: Any) -> Any:
        if reading.locked():
            return _error("queue: expected fewer pictures at once, got one more; try again", 503)
        async with reading:
            return await _looked_at(request, queue, inverters)

    routes = [Route(path, _file(name)) for path, name in _FILES.items()]
    routes.append(Route("/runs", described))
    routes += [Route(path, painted(kind), methods=["POST"]) for path, kind in _KINDS.items()]
    routes.append(Route("/photo", photo, methods=["POST"]))
    hosts = list(LOCAL) if local else ["*"]
    return Starlette(
        routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)]
    )


def _file(name: str) -> Any:
    async def answer(_: Any) -> Any:
        return FileResponse(STATIC / name, headers=_HEADERS)

    return answer


async def _answer(request: Any, queue: Queue, kind: Kind) -> Any:
    """Returns a stream of lines, JSON each: places in the queue, then the pictures or an error."""
    # A form on somebody else's page can't send this type without asking first.
    if request.headers.get("content-type") != "application/json":
        return _error("request: expected application/json, got another type; use the page", 415)
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _body(request, MOST_BYTES, "say less")
        job = queue.put(read_asked(body, kind))
    except InputError as error:
        return _error(str(error), 400)
    except (TimeoutError, ClientDisconnect):
        return _error("request: expected all of it within ten seconds, got a part; try again", 408)
    lines = _lines(queue, job)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=_HEADERS)


async def _looked_at(request: Any, queue: Queue, inverters: Mapping[str, Inverter]) -> Any:
    """Returns the same stream for a picture, whose file is the body."""
    if request.headers.get("content-type") != "application/octet-stream":
        return _error("picture: expected application/octet-stream, got another; use the page", 415)
    try:
        said = validated(dict(request.query_params), Shown)
        if said.run not in inverters:
            raise InputError(
                f"run: expected one that finds latents, got {said.run!r}; train it to with "
                "t2i train-inversion"
            )
        async with asyncio.timeout(_PATIENCE):
            body = await _body(request, MOST_PHOTO_BYTES, "make the picture smaller")
        inverter = inverters[said.run]
        square = await asyncio.to_thread(inverter.square, body)
        job = queue.put(Photo(said.run, said.caption, square, inverter))
    except InputError as error:
        return _error(str(error), 400)
    except (TimeoutError, ClientDisconnect):
        return _error("picture: expected all of it within ten seconds, got a part; try again", 408)
    lines = _lines(queue, job)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=_HEADERS)


def _error(message: str, status: int) -> Any:
    return JSONResponse({"error": message}, status, headers=_HEADERS)


async def _body(request: Any, most: int, advice: str) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise InputError(f"request: expected at most {most} bytes, got more; {advice}")
    return bytes(body)


async def _lines(queue: Queue, job: Job) -> AsyncIterator[str]:
    pictures, said = asyncio.wrap_future(job.pictures), -1
    try:
        while not pictures.done():
            place = queue.place(job)
            if place != said:
                yield json.dumps({"place": place}) + "\n"
                said = place
            await asyncio.wait([pictures], timeout=_LOOK)
        painted, beside = await pictures, {}
        if isinstance(job.asked, Photo):
            painted = np.concatenate([job.asked.square[None], painted])
            beside = {"latent": job.asked.latent}
        files = await asyncio.to_thread(_files, job.asked, painted, job.identity)
        yield json.dumps({"pictures": files, **beside}) + "\n"
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
