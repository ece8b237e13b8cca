"""Which number, id and time each chunk of a session gets."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from pydantic import ValidationError

from starter.clock import Clock
from starter.delivery import ChunkData
from vibesflow.errors import InvalidInput
from vibesflow.ingest import ChunkOffer
from vibesflow.media import CONTENT_TYPE
from vibesflow.stream.ids import format_chunk_id

_BASE36 = string.digits + string.ascii_lowercase


@dataclass(frozen=True, slots=True)
class OutgoingChunk:
    """A chunk on its way out.

    Attributes:
        data: the encoded audio.
        duration_ms: its length; 0 when unknown.
        started_at_ms: epoch ms at which its audio begins; None: where the one before it ended,
            or now if that is unknown.
        content_type: media type of the data.
    """

    data: ChunkData
    duration_ms: int = 0
    started_at_ms: int | None = None
    content_type: str = CONTENT_TYPE


@dataclass(frozen=True, slots=True)
class Origin:
    """What all chunks of a session have in common; see `StreamingSession` for the fields."""

    rta_id: str
    session_started_at_ms: int
    creator: str
    participants: int = 0
    producer: str = ""


class Numbering:
    """Counts the chunks of a session and lays them end to end in time."""

    def __init__(self, origin: Origin, clock: Clock) -> None:
        self._origin = origin
        self._clock = clock
        self._sequence = 0
        self._next_start_ms: int | None = origin.session_started_at_ms

    def take(self, chunk: OutgoingChunk, *, is_final: bool) -> ChunkOffer:
        """Give the chunk the next number.

        Raises:
            InvalidInput: a field of the chunk or of the session is out of its limits.
        """
        start_ms = self._start_ms(chunk)
        rta_id = self._origin.rta_id
        try:
            offer = ChunkOffer(
                rta_id=rta_id,
                chunk_id=format_chunk_id(rta_id, self._sequence, start_ms, is_final=is_final),
                creator=self._origin.creator,
                session_started_at_ms=self._origin.session_started_at_ms,
                started_at_ms=start_ms,
                producer=self._origin.producer,
                participants=self._origin.participants,
                duration_ms=chunk.duration_ms,
                content_type=chunk.content_type,
                is_final=is_final,
            )
        except ValidationError as error:
            raise InvalidInput(_faults(error)) from error
        self._sequence += 1
        self._next_start_ms = start_ms + chunk.duration_ms if chunk.duration_ms else None
        return offer

    def give_back(self, offer: ChunkOffer) -> None:
        """Free the last number: its chunk was refused, so nobody will ever see it."""
        self._sequence -= 1
        self._next_start_ms = offer.started_at_ms

    def _start_ms(self, chunk: OutgoingChunk) -> int:
        if chunk.started_at_ms is not None:
            return chunk.started_at_ms
        return self._clock.now_ms() if self._next_start_ms is None else self._next_start_ms


def new_rta_id(now_ms: int) -> str:
    """Make a stream id the way clients do: ``rta_{epoch ms}_{6 characters of base 36}``."""
    return f"rta_{now_ms}_" + "".join(secrets.choice(_BASE36) for _ in range(6))


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())
