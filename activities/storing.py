"""Bringing a chunk's staged bytes to a provider."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from pydantic import BaseModel
from temporalio import activity

from activities.messages import StoreChunk, StoredPiece
from activities.uploading import Upload, Uploader
from vibesflow.errors import StagedBytesCorrupt
from vibesflow.media import probe_duration_ms
from vibesflow.staging.port import Staging
from vibesflow.stream.chunk import ChunkRef


class StoreProgress(BaseModel):
    """Heartbeat details: how far an upload is, for the person who looks at it."""

    sent_bytes: int = 0
    of_bytes: int = 0


class StoringActivities:
    """Moves chunks from staging to Filecoin."""

    def __init__(self, staging: Staging, uploader: Uploader) -> None:
        self._staging = staging
        self._uploader = uploader

    @activity.defn(name="store_chunk")
    async def store_chunk(self, request: StoreChunk) -> StoredPiece:
        """Store a chunk; the bytes are checked against the acknowledged digest on the way."""
        chunk = request.chunk
        upload = Upload(
            open_source=lambda: self._checked(chunk),
            preferred=request.preferred_provider,
            tried_before=activity.info().attempt > 1,
            on_bytes=lambda sent: activity.heartbeat(
                StoreProgress(sent_bytes=sent, of_bytes=chunk.size)
            ),
        )
        _, piece = await self._uploader.upload(upload)
        if chunk.duration_ms:
            return piece
        measured = await probe_duration_ms(self._staging.read(chunk.staging_key))
        return piece.model_copy(update={"duration_ms": measured or 0})

    async def _checked(self, chunk: ChunkRef) -> AsyncIterator[bytes]:
        """Yield the staged bytes; fail at the end, before a provider could finish, if altered."""
        digest, size = hashlib.sha256(), 0
        async for block in self._staging.read(chunk.staging_key):
            digest.update(block)
            size += len(block)
            yield block
        if size != chunk.size or digest.hexdigest() != chunk.sha256:
            raise StagedBytesCorrupt(
                f"{chunk.chunk_id}: staged {size} bytes do not match the acknowledged digest"
            )
