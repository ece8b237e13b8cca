"""Sending away an address that keeps adding to data sets that are not here."""

from __future__ import annotations

from collections import defaultdict, deque

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from devnet.provider.answers import plain
from devnet.provider.options import Clock

_MISSES = 5
_WITHIN_S = 60.0
_AWAY_S = 300


class Throttle:
    """After five misses within a minute an address is away from ``/pdp`` for five minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._misses: defaultdict[str, deque[float]] = defaultdict(deque)
        self._away_until: dict[str, float] = {}

    def count_miss(self, request: Request) -> None:
        """Count one addition to a data set that is missing."""
        now, host = self._clock(), _host(request.scope)
        misses = self._misses[host]
        misses.append(now)
        while misses[0] <= now - _WITHIN_S:
            misses.popleft()
        if len(misses) >= _MISSES:
            self._away_until[host] = now + _AWAY_S
            del self._misses[host]

    def is_away(self, scope: Scope) -> bool:
        """Whether the sender of this request has to wait."""
        return self._away_until.get(_host(scope), 0) > self._clock()


class ThrottleMiddleware:
    """Answers 429 on every ``/pdp`` path to those who have to wait."""

    def __init__(self, app: ASGIApp, throttle: Throttle) -> None:
        self._app = app
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        applies = scope["type"] == "http" and scope["path"].startswith("/pdp")
        if applies and self._throttle.is_away(scope):
            response = plain(429, "Too many requests", {"Retry-After": str(_AWAY_S)})
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
