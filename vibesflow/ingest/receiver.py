"""One chunk through the door: durable first, then signalled, then acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from pydantic import Field

from vibesflow.staging.port import Staging
from vibesflow.stream.chunk import ChunkRef, Message
from vibesflow.stream.ids import parse_chunk_id


class ChunkOffer(Message):
    """What a client says of a chunk before its bytes are read; see `ChunkRef` for the fields."""

    rta_id: str
    chunk_id: str
    creator: str = Field(min_length=1, max_length=128)
    session_started_at_ms: int = Field(ge=0)
    started_at_ms: int = Field(ge=0)
    producer: str = Field(default="", max_length=64)
    participants: int = Field(default=0, ge=0, le=1_000_000)
    duration_ms: int = Field(default=0, ge=0, le=86_400_000)
    content_type: str = Field(default="audio/webm", max_length=100)
    is_final: bool = False


class Receipt(Message):
    """An acknowledged chunk: staged durably and accepted by the stream's workflow."""

    chunk: ChunkRef
    created: bool
    """False when the same bytes were received before."""


class ChunkSubmitter(Protocol):
    """Hands a claim check to the stream's workflow; see `workflows.client.StreamClient`."""

    async def submit(self, chunk: ChunkRef) -> None:
        """Return once Temporal has accepted the signal.

        Raises:
            TemporalDown: it has not, or nobody knows; the sender must send again.
        """
        ...


class Receiver:
    """Takes chunks in, for the HTTP door and for sessions in the same process alike."""

    def __init__(self, staging: Staging, submitter: ChunkSubmitter, *, max_bytes: int) -> None:
        self._staging = staging
        self._submitter = submitter
        self.max_bytes = max_bytes
        """Largest chunk that is taken."""

    async def receive(
        self,
        offer: ChunkOffer,
        source: AsyncIterator[bytes],
        *,
        offer_at_end: Callable[[], ChunkOffer] | None = None,
    ) -> Receipt:
        """Acknowledge a chunk, or raise and have acknowledged nothing.

        Args:
            offer: what the client says of the chunk.
            source: its bytes.
            offer_at_end: asked for the offer again after the last byte, for clients that say some
                of it (but its ids) only then.

        Raises:
            InvalidChunkId: the id does not parse, or contradicts the offer.
            ChunkConflict: the id is known with other bytes.
            ChunkTooSmall: fewer than 127 bytes.
            ChunkTooLarge: more than the limit.
            StagingDown: the bytes could not be made durable.
            TemporalDown: the bytes are staged, but the stream has not been told.
        """
        chunk_id = parse_chunk_id(offer.chunk_id, offer.rta_id)
        staged = await self._staging.stage(chunk_id.staging_key, source, max_bytes=self.max_bytes)
        offer = offer_at_end() if offer_at_end else offer
        chunk = ChunkRef(
            **offer.model_dump(exclude={"is_final"}),
            sequence=chunk_id.sequence,
            size=staged.size,
            sha256=staged.sha256,
            staging_key=chunk_id.staging_key,
            is_final=offer.is_final or chunk_id.is_final,
        )
        await self._submitter.submit(chunk)
        return Receipt(chunk=chunk, created=staged.created)
