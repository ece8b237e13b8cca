"""The node behind the front, asked without blocking."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from vibesflow.errors import ChainDown, ChainFault

_LARGEST_HEAD_BYTES = 64 * 1024

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Upstream:
    """JSON-RPC over a few lasting connections.

    The node is our own child on the loopback interface and every call of the devnet passes here,
    so this speaks the little HTTP/1.1 that it takes by itself; a general client costs more than
    the node does. A node that was stopped answers when it goes on, so answers are waited for
    without limit; who asked has a limit of their own.
    """

    def __init__(self, rpc_url: str) -> None:
        where = urlsplit(rpc_url)
        self._host, self._port = str(where.hostname), int(where.port or 80)
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._idle:
            self._idle.pop()[1].close()

    async def forward(self, body: bytes) -> bytes:
        """Return the node's answer to a request as it stands.

        Raises:
            ChainDown: the node does not answer.
        """
        try:
            reader, writer = self._idle.pop() if self._idle else await self._connect()
            try:
                writer.write(self._head(body) + body)
                answer = await _read_answer(reader)
            except BaseException:
                writer.close()
                raise
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise ChainDown(f"the devnet's node does not answer: {type(error).__name__}") from error
        self._idle.append((reader, writer))
        return answer

    async def ask(self, method: str, *params: object) -> dict[str, object]:
        """Return the node's answer to one call, an error of its own included.

        Raises:
            ChainDown: the node does not answer.
        """
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: dict[str, object] = json.loads(await self.forward(json.dumps(request).encode()))
        return answer

    async def call(self, method: str, *params: object) -> object:
        """Return the result of one call.

        Raises:
            ChainDown: the node does not answer.
            ChainFault: it answers with an error.
        """
        answer = await self.ask(method, *params)
        if "error" in answer:
            raise ChainFault(f"{method}: {answer['error']}")
        return answer["result"]

    async def _connect(self) -> _Connection:
        return await asyncio.open_connection(self._host, self._port, limit=_LARGEST_HEAD_BYTES)

    def _head(self, body: bytes) -> bytes:
        return (
            f"POST / HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return await reader.readexactly(int(value))
    raise ValueError("the node's answer has no length")
