"""What the headers of an upload say, checked before a byte of the body is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from vibesflow.errors import InvalidHeader
from vibesflow.ingest import ChunkOffer
from vibesflow.stream.ids import ChunkId, check_rta_id, parse_chunk_id

RTA_ID = "X-Rta-Id"
CHUNK_ID = "X-Chunk-Id"
CREATOR = "X-Creator"
CHUNK_TIMESTAMP = "X-Chunk-Timestamp"
START_TIME = "X-Start-Time"
PARTICIPANTS = "X-Participant-Count"
IS_FINAL = "X-Is-Final"
PRODUCER = "X-Producer"
DURATION_MS = "X-Duration-Ms"

REQUIRED = (CHUNK_ID, RTA_ID, CREATOR)

MAX_CREATOR = 128
MAX_PRODUCER = 64
MAX_PARTICIPANTS = 1_000_000
MAX_DURATION_MS = 86_400_000
MAX_EPOCH_MS = 9_999_999_999_999
"""Thirteen digits, as in a chunk id: the table sorts by them."""

UNKNOWN_SESSION_START_MS = 0
"""Without `X-Start-Time` all chunks of a stream belong to one session that began at 0."""

DEFAULT_MEDIA_TYPE = "audio/webm"

_NUMBER = re.compile(r"([0-9]{1,15})(\.[0-9]{1,6})?", re.ASCII)
_AUDIO = re.compile(
    r"audio/[a-z0-9][a-z0-9.+-]{0,40}(\s*;\s*[a-z0-9-]+\s*=\s*(\"[a-z0-9., -]*\"|[a-z0-9.,-]+))*",
    re.ASCII | re.IGNORECASE,
)
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """An upload's headers, read: all of the offer but what the body may still say."""

    chunk_id: ChunkId
    creator: str
    session_started_at_ms: int
    started_at_ms: int
    participants: int
    producer: str
    duration_ms: int
    is_final: bool

    def offer(self, *, content_type: str, is_final: bool = False) -> ChunkOffer:
        """Return the offer; any of header, body and id may carry the final marker."""
        return ChunkOffer(
            rta_id=self.chunk_id.rta_id,
            chunk_id=self.chunk_id.text,
            creator=self.creator,
            session_started_at_ms=self.session_started_at_ms,
            started_at_ms=self.started_at_ms,
            producer=self.producer,
            participants=self.participants,
            duration_ms=self.duration_ms,
            content_type=content_type,
            is_final=is_final or self.is_final or self.chunk_id.is_final,
        )


def read_claims(headers: Headers) -> Claims:
    """Read and check the headers of an upload.

    Raises:
        InvalidHeader: one is missing, doubled, or cannot be read.
        InvalidRtaId: the stream id is outside the alphabet.
        InvalidChunkId: the chunk id does not parse, or names another stream.
    """
    missing = [name for name in REQUIRED if not _text(headers, name)]
    if missing:
        raise InvalidHeader(f"Missing required headers: {', '.join(missing)}")
    chunk_id = parse_chunk_id(_text(headers, CHUNK_ID), check_rta_id(_text(headers, RTA_ID)))
    return Claims(
        chunk_id=chunk_id,
        creator=_name(headers, CREATOR, MAX_CREATOR),
        session_started_at_ms=_count(
            headers, START_TIME, UNKNOWN_SESSION_START_MS, most=MAX_EPOCH_MS
        ),
        started_at_ms=_count(headers, CHUNK_TIMESTAMP, chunk_id.epoch_ms, most=MAX_EPOCH_MS),
        participants=_count(headers, PARTICIPANTS, 1, most=MAX_PARTICIPANTS),
        producer=_name(headers, PRODUCER, MAX_PRODUCER),
        duration_ms=_count(headers, DURATION_MS, 0, most=MAX_DURATION_MS),
        is_final=_flag(headers, IS_FINAL),
    )


def audio_type(text: str) -> str | None:
    """Return a sane ``audio/*`` media type in lower case, or None."""
    stripped = text.strip()
    return stripped.lower() if len(stripped) <= 100 and _AUDIO.fullmatch(stripped) else None


def media_type(headers: Headers) -> str:
    """Return the content type's bare media type, empty when the header is missing."""
    return _text(headers, "Content-Type").partition(";")[0].strip().lower()


def content_length(headers: Headers) -> int | None:
    """Return the announced size of the body in bytes, or None."""
    text = _text(headers, "Content-Length")
    return int(text) if text.isascii() and text.isdigit() else None


def refuse_encoded(headers: Headers) -> None:
    """Refuse a compressed body: what is stored must be the audio itself.

    Raises:
        InvalidHeader: the body is said to be encoded.
    """
    encoding = _text(headers, "Content-Encoding").lower()
    if encoding not in {"", "identity"}:
        raise InvalidHeader(f"Content-Encoding {encoding[:40]!r} is not taken; send plain bytes")


def _text(headers: Headers, name: str) -> str:
    values = headers.getlist(name)
    if len(values) > 1:
        raise InvalidHeader(f"{name} is given {len(values)} times")
    return values[0].strip() if values else ""


def _name(headers: Headers, name: str, longest: int) -> str:
    # Header values arrive as Latin-1; clients that send anything else send UTF-8.
    raw = _text(headers, name).encode("latin-1")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidHeader(f"{name} is not UTF-8") from error
    if len(text) > longest or not text.isprintable():
        raise InvalidHeader(f"{name} must be at most {longest} printable characters")
    return text


def _count(headers: Headers, name: str, default: int, *, most: int) -> int:
    text = _text(headers, name)
    if not text:
        return default
    found = _NUMBER.fullmatch(text)
    if not found or int(found[1]) > most:
        raise InvalidHeader(f"{name} must be a whole number from 0 to {most}, not {text[:40]!r}")
    return int(found[1])


def _flag(headers: Headers, name: str) -> bool:
    text = _text(headers, name).lower()
    if text and text not in _FLAGS:
        raise InvalidHeader(f"{name} must be true or false, not {text[:40]!r}")
    return _FLAGS.get(text, False)
