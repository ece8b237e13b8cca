"""Bodies of uploads, block by block: raw audio, or JSON with the audio in base64."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.ingest.headers import content_length
from api.ingest.json_body import OTHER_BYTES, JsonBody, JsonFacts
from vibesflow.errors import BodyTimeout, ChunkTooLarge, ChunkTooSmall, InvalidBody
from vibesflow.settings import ApiSettings
from vibesflow.stream.chunk import MIN_CHUNK_BYTES


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a body may take.

    Attributes:
        max_bytes: size of the largest chunk.
        idle_s: how long it may pause.
        total_s: how long it may take in all.
    """

    max_bytes: int
    idle_s: float
    total_s: float

    @classmethod
    def of(cls, settings: ApiSettings) -> BodyLimits:
        """Return the limits that are configured."""
        return cls(settings.max_chunk_bytes, settings.body_idle_s, settings.body_s)


async def raw_audio(request: Request, limits: BodyLimits) -> AsyncIterator[bytes]:
    """Return the body's blocks once it is known that there is one.

    Raises:
        InvalidBody: the body is empty, or broke off.
        BodyTimeout: it stopped coming, or takes too long.
        ChunkTooSmall: its announced size is.
        ChunkTooLarge: its announced size is.
    """
    announced = content_length(request.headers)
    if announced is not None and announced > 0:
        check_size(announced, limits.max_bytes)
    blocks = _blocks(request, limits)
    first = await anext(blocks, None)
    if first is None:
        raise InvalidBody("the body is empty")
    return _with_first(first, blocks)


class JsonAudio:
    """The audio of a JSON body, and what else it says once all of it came.

    Attributes:
        facts: what else it says; only after the last block of `audio`.
    """

    def __init__(self, request: Request, limits: BodyLimits) -> None:
        """Raise `ChunkTooLarge` if more is announced than any JSON body may have."""
        self._request = request
        self._limits = limits
        self._most = json_limit_bytes(limits.max_bytes)
        self.facts = JsonFacts()
        announced = content_length(request.headers)
        if announced is not None and announced > self._most:
            raise _too_large(announced, self._most)

    async def audio(self) -> AsyncIterator[bytes]:
        """Yield the audio as it comes; it ends only if the whole body is good.

        Raises:
            InvalidBody: it is empty, not JSON, not an object, or its audio is not base64.
            BodyTimeout: it stopped coming, or takes too long.
            ChunkTooLarge: the body is.
        """
        body, size = JsonBody(), 0
        async for block in _blocks(self._request, self._limits):
            size += len(block)
            if size > self._most:
                raise _too_large(size, self._most)
            if audio := body.feed(block):
                yield audio
        self.facts = body.finish()


def json_limit_bytes(max_bytes: int) -> int:
    """Return the size of the largest JSON body: base64 makes four characters of three bytes."""
    return -(-max_bytes // 3) * 4 + OTHER_BYTES


def check_size(size: int, max_bytes: int) -> None:
    """Refuse a size that no chunk may have.

    Raises:
        ChunkTooSmall: fewer than 127 bytes.
        ChunkTooLarge: more than ``max_bytes``.
    """
    if size < MIN_CHUNK_BYTES:
        raise ChunkTooSmall(f"the chunk has {size} bytes; {MIN_CHUNK_BYTES} are the least")
    if size > max_bytes:
        raise _too_large(size, max_bytes)


async def _blocks(request: Request, limits: BodyLimits) -> AsyncIterator[bytes]:
    stream = request.stream()
    clock = asyncio.get_running_loop().time
    ends_s = clock() + limits.total_s
    while True:
        try:
            async with asyncio.timeout(min(limits.idle_s, ends_s - clock())):
                block = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _timeout(limits, too_long=clock() >= ends_s) from error
        except ClientDisconnect as error:
            raise InvalidBody("the connection closed before the body was whole") from error
        if block:
            yield block


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for block in rest:
        yield block


def _timeout(limits: BodyLimits, *, too_long: bool) -> BodyTimeout:
    if too_long:
        return BodyTimeout(f"the body took longer than {limits.total_s:g} s")
    return BodyTimeout(f"nothing of the body came for {limits.idle_s:g} s")


def _too_large(size: int, most: int) -> ChunkTooLarge:
    return ChunkTooLarge(f"{size} bytes came or were announced; {most} are the most")
