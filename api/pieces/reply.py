"""A piece as an HTTP reply: whole, in part, or the word that the caller has it already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.pieces.media_type import HEAD_BYTES, file_name, media_type_of
from api.pieces.ranges import Part, names_etag, wanted_part
from vibesflow.filecoin.reading.content import Content

EXPOSED_HEADERS: Final = ("Accept-Ranges", "Content-Disposition", "Content-Range", "ETag")

OPEN_TO_ALL: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Pieces are public. A copy in a cache must serve every origin, whoever asked for it first."""

IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A year: under its CID, content never changes."""


def etag_of(cid: str) -> str:
    """Return the entity tag of a CID's content."""
    return f'"{cid}"'


def known_reply(request: Request, cid: str) -> Response | None:
    """Return 304 if the caller has the content; nobody needs to be asked for that."""
    if not names_etag(request.headers.get("if-none-match"), etag_of(cid)):
        return None
    return Response(status_code=304, headers={"ETag": etag_of(cid), **IMMUTABLE, **OPEN_TO_ALL})


async def content_reply(
    request: Request, cid: str, content: Content, *, head: bool, attachment: bool
) -> Response:
    """Return the reply that sends the content, or the part that was asked for, and closes it.

    Args:
        request: whose Range and If-Range headers count.
        cid: in its canonical form.
        content: checked bytes; closed here if no reply comes of it.
        head: the method is HEAD, for which ranges mean nothing.
        attachment: to be saved, not shown.
    """
    try:
        media_type = media_type_of(await content.read(0, HEAD_BYTES))
        part = None if head else _part(request, etag_of(cid), content.size)
    except BaseException:
        await content.close()
        raise
    headers = {
        "Content-Type": media_type,
        "ETag": etag_of(cid),
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        **IMMUTABLE,
        **OPEN_TO_ALL,
    }
    if attachment:
        headers["Content-Disposition"] = f'attachment; filename="{file_name(cid, media_type)}"'
    return ContentResponse(content, part, headers, head=head)


def _part(request: Request, etag: str, size: int) -> Part | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() != etag:
        return None
    return wanted_part(request.headers.get("range"), size)


class ContentResponse(StreamingResponse):
    """Sends content from a file, stops when the caller leaves, and closes it whatever happens."""

    def __init__(
        self, content: Content, part: Part | None, headers: Mapping[str, str], *, head: bool
    ) -> None:
        sent = part or Part(0, content.size, content.size)
        partial = {"Content-Range": part.content_range} if part else {}
        self._content = content
        self._blocks = content.blocks(sent.start, sent.start if head else sent.end)
        super().__init__(
            self._blocks,
            status_code=206 if part else 200,
            headers={**headers, **partial, "Content-Length": str(sent.length)},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._blocks.aclose()
            await self._content.close()
