"""Bringing a chunk's staged bytes to a provider."""

from __future__ import annotations

import asyncio
import time

from pydantic import BaseModel
from temporalio import activity

from activities.checked import checked_bytes
from activities.heart import Heart, remembered
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


LONG_UPLOAD_S = 3.0
"""Only longer ones tell how far they are: the SDK sends the first heartbeat of an attempt at once
and holds back what follows, and where the copies are ordered must not be held back."""


class StoreProgress(BaseModel):
    """Heartbeat details: how far an upload is, for the person who looks at it.

    Attributes:
        found: the bytes are at the first copy's provider, and these copies are being ordered.
    """

    sent_bytes: int = 0
    of_bytes: int = 0
    found: StoredPiece | None = None


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
        before = remembered(StoreProgress)
        async with Heart(before) as heart:
            found = before.found if before else None
            if found is None:
                found = await self._upload(request, heart)
            need = await self._desk.find(_need(request, found))
            found.copies = list(need.copies)
            heart.beat(StoreProgress(sent_bytes=chunk.size, of_bytes=chunk.size, found=found))
            stored = await self._desk.place(need)
            return stored.model_copy(update={"duration_ms": found.duration_ms})

    async def _upload(self, request: StoreChunk, heart: Heart) -> StoredPiece:
        chunk, began_s = request.chunk, time.monotonic()

        def note(sent: int) -> None:
            if time.monotonic() - began_s > LONG_UPLOAD_S:
                heart.beat(StoreProgress(sent_bytes=sent, of_bytes=chunk.size))

        upload = Upload(
            open_source=lambda: checked_bytes(self._staging, chunk),
            preferred=request.preferred_provider,
            tried_before=activity.info().attempt > 1,
            on_bytes=note,
        )
        provider, piece_cid = await self._uploader.upload(upload)
        return StoredPiece(
            piece_cid=piece_cid.text,
            copies=[
                self._desk.copy_at(provider, piece_cid.text),
                *(copy for copy in request.ordered if copy.provider_id != provider.provider_id),
            ],
            duration_ms=chunk.duration_ms or await self._measure(chunk),
        )

    async def _measure(self, chunk: ChunkRef) -> int:
        """Length of the audio in ms, for senders that do not say."""
        audio = b"".join([block async for block in self._staging.read(chunk.staging_key)])
        facts = await asyncio.to_thread(probe_audio, audio)
        return facts.duration_ms if facts else NOMINAL_CHUNK_MS


def _need(request: StoreChunk, found: StoredPiece) -> Need:
    chunk = request.chunk
    return Need(
        rta_id=chunk.rta_id,
        creator=chunk.creator,
        piece_cid=found.piece_cid,
        size=chunk.size,
        copies=tuple(found.copies),
        metadata=chunk_metadata(
            chunk,
            duration_ms=found.duration_ms,
            provider_id=found.copies[0].provider_id,
            opened_at_ms=request.opened_at_ms,
        ),
        urgent=request.urgent,
    )
