"""Giving pieces back: ``GET`` and ``HEAD /piece/{cid}``."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from devnet.provider.answers import Refusal
from devnet.provider.content_type import SNIFFED_BYTES, content_type_of, disposition_of
from devnet.provider.faults import Faults, Point
from devnet.provider.finding import find_any
from devnet.provider.options import Clock, Limits
from devnet.provider.pieces import PieceStore, StoredPiece
from devnet.provider.served_bytes import spoiled

_RANGES = re.compile(r"bytes=\s*(?:\d+-\d*|-\d+)(?:\s*,\s*(?:\d+-\d*|-\d+))*\s*")
_FROM_TO = re.compile(r"(\d+)-(\d+)")
_EPOCH_START = "Thu, 01 Jan 1970 00:00:00 GMT"


class Retrieval:
    """Serves parked pieces to everybody, committed or not.

    A piece that was asked for too early stays "not found" for some seconds, and beyond a number
    of simultaneous readers the next ones are sent away: both as Curio does.
    """

    def __init__(self, pieces: PieceStore, limits: Limits, clock: Clock, faults: Faults) -> None:
        self._pieces = pieces
        self._limits = limits
        self._clock = clock
        self._faults = faults
        self._readers = 0
        self._missed: dict[str, float] = {}

    def routes(self) -> list[Route]:
        """The retrieval route."""
        return [Route("/piece/{cid}", self, methods=["GET"])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one retrieval; a reader counts until its last byte is sent."""
        self._readers += 1
        try:
            response = await self._response(Request(scope, receive))
            if isinstance(response, FileResponse):
                send = spoiled(scope, send, self._faults)
            await response(scope, receive, send)
        finally:
            self._readers -= 1

    async def _response(self, request: Request) -> Response:
        await self._faults.reach(Point.RETRIEVE)
        if self._readers > self._limits.max_retrievals:
            raise Refusal(429, "Too many concurrent retrievals", {"Retry-After": "1"})
        text = str(request.path_params["cid"])
        piece = await self._find(text)
        headers = await self._headers(text, piece)
        if _matches(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        _check_range(request.headers, headers["ETag"], piece.cid.raw_size)
        media_type = headers.pop("Content-Type")
        return FileResponse(piece.path, headers=headers, media_type=media_type)

    async def _find(self, text: str) -> StoredPiece:
        now = self._clock()
        if self._missed.get(text, 0) > now:
            raise Refusal(404, "Piece not found")
        piece = await find_any(self._pieces, text)
        if piece is None:
            self._missed = {cid: until for cid, until in self._missed.items() if until > now}
            self._missed[text] = now + self._limits.not_found_memory_s
            raise Refusal(404, "Piece not found")
        return piece

    async def _headers(self, text: str, piece: StoredPiece) -> dict[str, str]:
        media_type = content_type_of(await asyncio.to_thread(_head, piece.path))
        headers = {
            "Content-Type": media_type,
            "ETag": f'"{text}"',
            "Cache-Control": "public, max-age=29030400, immutable",
            "Vary": "Accept-Encoding",
            "Last-Modified": _EPOCH_START,
        }
        disposition = disposition_of(media_type, text)
        return headers if disposition is None else {**headers, "Content-Disposition": disposition}


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SNIFFED_BYTES)


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def _check_range(headers: Headers, etag: str, size: int) -> None:
    """Refuse a range that cannot be read, which the file response would answer with 400."""
    wanted = headers.get("range")
    if wanted is None or headers.get("if-range", etag) != etag:
        return
    reversed_ranges = any(int(a) > int(b) for a, b in _FROM_TO.findall(wanted))
    if reversed_ranges or not _RANGES.fullmatch(wanted):
        raise Refusal(416, "invalid range", {"Content-Range": f"bytes */{size}"})
