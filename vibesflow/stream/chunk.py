"""The claim check of one chunk: all that travels through a workflow, never the bytes."""

from __future__ import annotations

from functools import cache

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from vibesflow.stream.ids import ChunkId, parse_chunk_id

MIN_CHUNK_BYTES = 127
"""Smallest payload a provider takes (fact sheet section 2, upload limits)."""


class Message(BaseModel):
    """Base of all messages: frozen, and tolerant of fields that a newer sender added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Compact(BaseModel):
    """Leaves out what has its default, because history is paid by the byte."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        spelled: dict[str, object] = handler(self)
        defaults = _defaults_of(type(self))
        return {
            name: value
            for name, value in spelled.items()
            if name not in defaults or getattr(self, name) != defaults[name]
        }


@cache
def _defaults_of(model: type[Compact]) -> dict[str, object]:
    """Return what the fields hold that nobody set.

    Asked once for a class: pydantic parses Python to tell whether a factory takes arguments. That
    cost more than all else of a message, and two threads that parse at a time can disturb each
    other (CPython gh-106905).
    """
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
        if not field.is_required()
    }


class CompactMessage(Compact, Message):
    """A message that leaves out what has its default."""


class ChunkRef(CompactMessage):
    """One received chunk: who, when, how large, and where its bytes wait.

    Attributes:
        rta_id: the stream.
        chunk_id: as the client spelled it.
        sequence: position in its session, from 0.
        session_started_at_ms: epoch ms at which the recording session began.
        started_at_ms: epoch ms at which this chunk's audio begins.
        producer: which of several recorders of the session; empty for the only one.
        creator: wallet or account of the person who streams.
        participants: listeners and speakers in the room.
        duration_ms: length of the audio; 0 when the sender did not say.
        size: bytes.
        sha256: lower-case hex digest of the bytes.
        content_type: media type of the bytes.
        staging_key: key under which staging holds the bytes.
        is_final: the session says this is its last chunk.
    """

    rta_id: str
    chunk_id: str
    sequence: int = Field(ge=0)
    session_started_at_ms: int = Field(ge=0)
    started_at_ms: int = Field(ge=0)
    producer: str = ""
    creator: str
    participants: int = Field(default=0, ge=0)
    duration_ms: int = Field(default=0, ge=0)
    size: int = Field(ge=MIN_CHUNK_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    content_type: str = "audio/webm"
    staging_key: str
    is_final: bool = False

    @property
    def identity(self) -> ChunkId:
        """The parsed chunk id."""
        return parse_chunk_id(self.chunk_id)

    @property
    def key(self) -> str:
        """The identity that staging, workflow and table agree on."""
        return self.identity.key
