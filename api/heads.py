"""HEAD wherever GET is answered."""

from __future__ import annotations

from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

_WAS_HEAD: Final = "vibesflow.was_head"


class HeadAsGet:
    """Answers HEAD wherever GET is answered; the server itself leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", _WAS_HEAD: True}
        await self._app(scope, receive, send)


def asked_by_head(request: HTTPConnection) -> bool:
    """Tell whether the caller wants the head alone, so that nobody reads what nobody gets."""
    return bool(request.scope.get(_WAS_HEAD))
