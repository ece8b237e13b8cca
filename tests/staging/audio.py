"""Bytes to stage, and ways to hand them over."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from vibesflow.staging import Staged, Staging

MAX_BYTES = 4 << 20


def audio(seed: int, size: int = 1_000) -> bytes:
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(size)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def blocks(data: bytes, block_bytes: int = 300) -> AsyncIterator[bytes]:
    for start in range(0, len(data), block_bytes):
        yield data[start : start + block_bytes]


async def put(staging: Staging, key: str, data: bytes, *, max_bytes: int = MAX_BYTES) -> Staged:
    return await staging.stage(key, blocks(data, 64 * 1024), max_bytes=max_bytes)


async def get(staging: Staging, key: str) -> bytes:
    return b"".join([block async for block in staging.read(key)])


async def held(staging: Staging, rta_id: str | None = None) -> list[str]:
    return [key async for key in staging.keys(rta_id)]
