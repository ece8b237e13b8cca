"""A way to the table that fails: throttled, in conflict, slow, or the answer is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from devnet.ports import LOOPBACK
from tests.chaos.dice import dice

_TYPES = "com.amazonaws.dynamodb.v20120810#"
_TIMEOUT_S = 30.0
_SLOW_S = 1.5
KINDS = ("throttled", "conflict", "lost-answer", "error", "slow")


@dataclass
class _Request:
    head: bytes
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


class TableProxy:
    """Forwards every request to the engine, unless a fault is on and its turn has come.

    Attributes:
        struck: how often each fault has struck.
    """

    def __init__(self, engine_url: str, seed: int) -> None:
        self._engine = engine_url
        self._rng = dice(seed, "table faults")
        self._fault: str | None = None
        self._share = 0.0
        self.struck: Counter[str] = Counter()

    def strike(self, kind: str, share: float) -> None:
        """Have a share of the requests fail from now on."""
        self._fault, self._share = kind, share

    def heal(self) -> None:
        self._fault = None

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, engine: httpx.AsyncClient
    ) -> None:
        try:
            while reply := await self._reply(await _read(reader), engine):
                writer.write(reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, httpx.HTTPError):
            return  # one of the two sides is gone, as happens when it is killed
        finally:
            writer.close()

    async def _reply(self, request: _Request, engine: httpx.AsyncClient) -> bytes | None:
        """Return the answer, or None when it is lost."""
        fault = self._choose(request)
        if fault == "throttled":
            return _error(400, "ProvisionedThroughputExceededException", "by order")
        if fault == "error":
            return _error(500, "InternalServerError", "by order")
        if fault == "conflict":
            return _conflict(request)
        if fault == "slow":
            await asyncio.sleep(_SLOW_S)
        answer = await engine.post(self._engine, content=request.body, headers=_passed(request))
        if fault == "lost-answer":
            return None
        kept = {k: v for k, v in answer.headers.items() if k.startswith(("x-amz", "content-type"))}
        return _spell(answer.status_code, kept, answer.content)

    def _choose(self, request: _Request) -> str | None:
        kind = self._fault
        if kind is None or self._rng.random() >= self._share:
            return None
        if kind == "conflict" and request.operation != "TransactWriteItems":
            return None
        self.struck[kind] += 1
        return kind


@asynccontextmanager
async def table_proxy(engine_url: str, port: int, seed: int) -> AsyncIterator[TableProxy]:
    """Serve on a port of the loopback."""
    proxy = TableProxy(engine_url, seed)
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as engine:
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(proxy.serve(reader, writer, engine))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, LOOPBACK, port)
        try:
            yield proxy
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> _Request:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].split(b"\r\n")
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return _Request(first, headers, body)


def _passed(request: _Request) -> dict[str, str]:
    dropped = {"host", "content-length", "connection", "accept-encoding", "expect"}
    kept = {k: v for k, v in request.headers.items() if k not in dropped}
    return {**kept, "accept-encoding": "identity"}


def _conflict(request: _Request) -> bytes:
    items = json.loads(request.body)["TransactItems"]
    reasons = [{"Code": "TransactionConflict", "Message": "by order"}]
    reasons += [{"Code": "None"}] * (len(items) - 1)
    return _error(
        400,
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{', '.join(reason['Code'] for reason in reasons)}]",
        CancellationReasons=reasons,
    )


def _error(status: int, kind: str, words: str, **more: object) -> bytes:
    body = json.dumps({"__type": _TYPES + kind, "message": words, "Message": words, **more})
    return _spell(status, {"content-type": "application/x-amz-json-1.0"}, body.encode())


def _spell(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Answer", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name != "content-length"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
