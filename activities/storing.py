"""Bringing a chunk's staged bytes to a provider."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel
from temporalio import activity

from activities.checked import checked_bytes
from activities.heart import Heart
from activities.messages import StoreChunk
from activities.ordering import CopyDesk, Need
from activities.uploading import Upload, Uploader
from vibesflow.media import probe_audio
from vibesflow.staging.port import Staging
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.piece_metadata import chunk_metadata
from vibesflow.stream.placement import StoredPiece

NOMINAL_CHUNK_MS = 60_000
"""Sessions cut about a minute. It stands in for audio that does not decode by itself, as the
later pieces of one browser recording do not."""


class StoreProgress(BaseModel):
    """Heartbeat details: how far an upload is, for the person who looks at it."""

    sent_bytes: int = 0
    of_bytes: int = 0


class StoringActivities:
    """Moves chunks from staging to Filecoin."""

    def __init__(self, staging: Staging, uploader: Uploader, desk: CopyDesk) -> None:
        self._staging = staging
        self._uploader = uploader
        self._desk = desk

    @activity.defn(name="store_chunk")
    async def store_chunk(self, request: StoreChunk) -> StoredPiece:
        """Store a chunk and order its copies.

        The bytes are checked against the acknowledged digest on the way.
        """
        chunk = request.chunk
        async with Heart() as heart:
            return await self._store(request, chunk, heart)

    async def _store(self, request: StoreChunk, chunk: ChunkRef, heart: Heart) -> StoredPiece:
        upload = Upload(
            open_source=lambda: checked_bytes(self._staging, chunk),
            preferred=request.preferred_provider,
            tried_before=activity.info().attempt > 1,
            on_bytes=lambda sent: heart.beat(StoreProgress(sent_bytes=sent, of_bytes=chunk.size)),
        )
        provider, piece_cid = await self._uploader.upload(upload)
        duration_ms = chunk.duration_ms or await self._measure(chunk)
        stored = await self._desk.order(
            Need(
                rta_id=chunk.rta_id,
                creator=chunk.creator,
                piece_cid=piece_cid.text,
                size=chunk.size,
                copies=(self._desk.copy_at(provider, piece_cid.text),),
                metadata=chunk_metadata(
                    chunk,
                    duration_ms=duration_ms,
                    provider_id=provider.provider_id,
                    opened_at_ms=request.opened_at_ms,
                ),
                urgent=request.urgent,
            )
        )
        return stored.model_copy(update={"duration_ms": duration_ms})

    async def _measure(self, chunk: ChunkRef) -> int:
        """Length of the audio in ms, for senders that do not say."""
        audio = b"".join([block async for block in self._staging.read(chunk.staging_key)])
        facts = await asyncio.to_thread(probe_audio, audio)
        return facts.duration_ms if facts else NOMINAL_CHUNK_MS
