"""Staged bytes on their way out, held against the digest that was acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from vibesflow.errors import StagedBytesCorrupt
from vibesflow.staging.port import Staging
from vibesflow.stream.chunk import ChunkRef


async def checked_bytes(staging: Staging, chunk: ChunkRef) -> AsyncIterator[bytes]:
    """Yield the staged bytes; fail at the end, before anybody could finish, if altered.

    Raises:
        StagedBytesMissing: they are gone.
        StagedBytesCorrupt: they are not what was acknowledged.
    """
    digest, size = hashlib.sha256(), 0
    async for block in staging.read(chunk.staging_key):
        digest.update(block)
        size += len(block)
        yield block
    if size != chunk.size or digest.hexdigest() != chunk.sha256:
        raise StagedBytesCorrupt(
            f"{chunk.chunk_id}: staged {size} bytes do not match the acknowledged digest"
        )
