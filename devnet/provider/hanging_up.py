"""Closing a connection without an answer, or in the middle of one, which ASGI has no word for."""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from devnet.provider.faults import FaultName, Faults

_KEY = "devnet.provider.hang_up"
_NO_ANSWER = 499


class HungUp(Exception):
    """The answer to this request is lost on its way."""


class ClosableHttp(H11Protocol):
    """Uvicorn's HTTP, whose requests may close their connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Give every request of this connection the power to close it."""
        super().connection_made(transport)
        app = cast("ASGIApp", self.app)

        async def closable(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_KEY] = transport.close
            await app(scope, receive, send)

        self.app = closable


async def hang_up(scope: Scope) -> None:
    """Close a request's connection once what was written so far is sent."""
    close = scope.get("extensions", {}).get(_KEY)
    if close is None:
        raise RuntimeError("this server cannot close connections")
    close()
    await asyncio.sleep(0)  # the server notices; what is sent from now on is dropped


async def answer_hung_up(request: Request, _error: Exception) -> Response:
    """Close the connection of a request whose answer is lost; nobody reads this one."""
    await hang_up(request.scope)
    return Response(status_code=_NO_ANSWER)


class DownMiddleware:
    """Closes every connection while the provider is to be down; the admin route stays."""

    def __init__(self, app: ASGIApp, faults: Faults, spared: str) -> None:
        self._app = app
        self._faults = faults
        self._spared = spared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or close its connection."""
        applies = scope["type"] == "http" and not scope["path"].startswith(self._spared)
        if applies and self._faults.strikes(FaultName.DOWN):
            await hang_up(scope)
        else:
            await self._app(scope, receive, send)
