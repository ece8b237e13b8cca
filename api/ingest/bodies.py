"""Bodies of uploads: raw audio block by block, or JSON with the audio in base64."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from fastapi import Request
from pydantic_core import from_json
from starlette.requests import ClientDisconnect

from api.ingest.budget import Share
from api.ingest.headers import DEFAULT_MEDIA_TYPE, audio_type, content_length
from vibesflow.errors import BodyTimeout, ChunkTooLarge, ChunkTooSmall, InvalidBody
from vibesflow.stream.chunk import MIN_CHUNK_BYTES

JSON_OVERHEAD_BYTES = 64 * 1024
"""Room for everything in the JSON but the audio."""

INLINE_BYTES = 64 * 1024
"""A body up to this size is decoded at once; a larger one on a thread."""

BLOCK_BYTES = 256 * 1024

_MEDIA_TYPE_NAMES = ("mimeType", "mime_type", "contentType", "content_type", "type")


@dataclass(frozen=True, slots=True)
class JsonChunk:
    """A chunk out of a JSON body."""

    audio: bytes
    content_type: str
    is_final: bool


async def raw_audio(request: Request, *, max_bytes: int, idle_s: float) -> AsyncIterator[bytes]:
    """Return the body's blocks once it is known that there is one.

    Raises:
        InvalidBody: the body is empty, or broke off.
        BodyTimeout: it stopped coming.
        ChunkTooSmall: its announced size is.
        ChunkTooLarge: its announced size is.
    """
    announced = content_length(request.headers)
    if announced is not None and announced > 0:
        check_size(announced, max_bytes)
    blocks = _blocks(request, idle_s)
    first = await anext(blocks, None)
    if first is None:
        raise InvalidBody("the body is empty")
    return _with_first(first, blocks)


async def json_chunk(request: Request, share: Share, *, max_bytes: int, idle_s: float) -> JsonChunk:
    """Read a JSON body whole and take the audio out of it.

    Args:
        request: the upload.
        share: counts the body's bytes for as long as the caller keeps the audio.
        max_bytes: size of the largest chunk.
        idle_s: how long the body may pause.

    Raises:
        InvalidBody: it is empty, not JSON, not an object, or its audio is not base64.
        BodyTimeout: it stopped coming.
        ChunkTooLarge: the body, or the audio in it, is.
        ChunkTooSmall: the audio in it is.
        Overloaded: all JSON bodies together are too much.
    """
    most = json_limit_bytes(max_bytes)
    announced = content_length(request.headers)
    if announced is not None and announced > most:
        raise _too_large(announced, most)
    body = bytearray()
    async for block in _blocks(request, idle_s):
        if len(body) + len(block) > most:
            raise _too_large(len(body) + len(block), most)
        share.take(len(block))
        body += block
    if len(body) <= INLINE_BYTES:
        chunk = decode_json(body)
    else:
        chunk = await asyncio.to_thread(decode_json, body)
    check_size(len(chunk.audio), max_bytes)
    return chunk


def json_limit_bytes(max_bytes: int) -> int:
    """Return the size of the largest JSON body: base64 makes four characters of three bytes."""
    return -(-max_bytes // 3) * 4 + JSON_OVERHEAD_BYTES


def decode_json(body: bytes | bytearray) -> JsonChunk:
    """Decode ``{"audioData": "<base64>", "metadata": {...}, "isFinalChunk": bool, ...}``.

    Raises:
        InvalidBody: it cannot be.
    """
    if not body:
        raise InvalidBody("the body is empty")
    # Not the json module: it recurses on the C stack as deep as sys.setrecursionlimit lets it, and
    # the chain libraries raise that far beyond what the stack bears. This parser has its own limit.
    try:
        fields = from_json(body)
    except ValueError as error:
        raise InvalidBody("the body is not JSON") from error
    if not isinstance(fields, dict):
        raise InvalidBody("the body is JSON, but not an object")
    return JsonChunk(
        audio=_decode_audio(fields.get("audioData")),
        content_type=_content_type(fields.get("metadata")),
        is_final=fields.get("isFinalChunk") in (True, "true"),
    )


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


async def in_blocks(audio: bytes) -> AsyncIterator[bytes]:
    """Yield bytes that are in memory block by block."""
    view = memoryview(audio)
    for start in range(0, len(view), BLOCK_BYTES):
        yield bytes(view[start : start + BLOCK_BYTES])


async def _blocks(request: Request, idle_s: float) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(idle_s):
                block = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise BodyTimeout(f"nothing of the body came for {idle_s:g} s") from error
        except ClientDisconnect as error:
            raise InvalidBody("the connection closed before the body was whole") from error
        if block:
            yield block


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for block in rest:
        yield block


def _decode_audio(text: object) -> bytes:
    if not isinstance(text, str):
        raise InvalidBody("audioData is missing, or not a string")
    try:
        audio = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidBody("audioData is not base64") from error
    if not audio:
        raise InvalidBody("audioData is empty")
    return audio


def _content_type(metadata: object) -> str:
    if isinstance(metadata, Mapping):
        named = (metadata.get(name) for name in _MEDIA_TYPE_NAMES)
        told = (audio_type(text) for text in named if isinstance(text, str))
        return next((kind for kind in told if kind), DEFAULT_MEDIA_TYPE)
    return DEFAULT_MEDIA_TYPE


def _too_large(size: int, most: int) -> ChunkTooLarge:
    return ChunkTooLarge(f"{size} bytes came or were announced; {most} are the most")
