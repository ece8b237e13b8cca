"""A small real HTTP server whose answers, silences and broken connections a test decides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """``cut``: close the connection after that many bytes of the body.

    ``drip_s``: send the body in blocks of 16 KiB with so long a pause after each.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip_s: float | None = None


def text(status: int, words: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, words.encode(), named)


def as_json(content: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


DRIP_BYTES = 16 * 1024

HANG_UP = Reply(cut=-1)
"""Close the connection without an answer."""

Handler = Callable[[Request], Reply | Awaitable[Reply]]


@dataclass
class SmallServer:
    """``seen`` holds every request; ``handler`` answers it, ``replies`` go first if there are."""

    url: str = ""
    seen: list[Request] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    handler: Handler = field(default=lambda _: text(404, "nothing is here"))

    async def answer(self, request: Request) -> Reply:
        self.seen.append(request)
        if self.replies:
            return self.replies.pop(0)
        reply = self.handler(request)
        return reply if isinstance(reply, Reply) else await reply


@asynccontextmanager
async def small_server() -> AsyncIterator[SmallServer]:
    served = SmallServer()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while request := await _read(reader):
                if not await _write(writer, await served.answer(request)):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split()
    headers = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, target, headers, await _read_body(reader, headers))


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readline()).strip(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    if reply.cut == -1:
        return False
    reason = HTTPStatus(reply.status).phrase
    headers = {"Content-Length": str(len(reply.body))} | reply.headers
    if reply.status == HTTPStatus.NO_CONTENT:
        del headers["Content-Length"]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {reply.status} {reason}\r\n{head}\r\n".encode())
    await _write_body(writer, reply.body[: reply.cut], reply.drip_s)
    return reply.cut is None


async def _write_body(writer: asyncio.StreamWriter, body: bytes, drip_s: float | None) -> None:
    step = len(body) if drip_s is None else DRIP_BYTES
    for at in range(0, len(body), step or 1):
        writer.write(body[at : at + step])
        await writer.drain()
        await asyncio.sleep(drip_s or 0)
    await writer.drain()
