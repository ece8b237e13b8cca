"""A reverse proxy before a real provider, through which a test disturbs the conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from devnet.probes import PLAIN_HTTP
from tests.filecoin.small_server import Reply, Request, SmallServer, small_server

Forward = Callable[[Request], Awaitable[Reply]]
Disturb = Callable[[Request, Forward], Awaitable[Reply]]

_SENT_ON = ("content-type", "accept-encoding")
_PASSED_ON = ("location", "content-type", "retry-after")


async def _undisturbed(request: Request, forward: Forward) -> Reply:
    return await forward(request)


@dataclass
class Front:
    """``disturb`` decides what a request comes to; `calm` lets everything pass again."""

    server: SmallServer
    behind: str = ""
    disturb: Disturb = field(default=_undisturbed)

    @property
    def url(self) -> str:
        return self.server.url

    def calm(self) -> None:
        self.disturb = _undisturbed
        self.server.seen.clear()

    def count(self, method: str, path_end: str) -> int:
        """How many such requests came since `calm`."""
        return sum(
            request.method == method and request.path.endswith(path_end)
            for request in self.server.seen
        )


@asynccontextmanager
async def front() -> AsyncIterator[Front]:
    async with (
        small_server() as server,
        httpx.AsyncClient(trust_env=False, verify=PLAIN_HTTP) as http,
    ):
        shown = Front(server)

        async def forward(request: Request) -> Reply:
            answer = await http.request(
                request.method,
                shown.behind + request.target,
                content=request.body,
                headers={n: v for n, v in request.headers.items() if n in _SENT_ON},
                timeout=60,
            )
            kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
            return Reply(answer.status_code, answer.content, kept)

        async def handle(request: Request) -> Reply:
            return await shown.disturb(request, forward)

        server.handler = handle
        yield shown
