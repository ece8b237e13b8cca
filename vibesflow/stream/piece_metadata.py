"""What goes on chain with a piece: enough to tell later whose audio it is and where it belongs.

Three pairs of at most 32 and 96 bytes are kept with each piece (Filecoin warm storage limits).
`vibesflow.rebuild` reads them back when the tables are lost, so what is written here is a format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from vibesflow.errors import InvalidInput
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import ChunkId, parse_chunk_id

MAX_VALUE_BYTES = 96

Pairs = tuple[tuple[str, str], ...]

_RTA, _CHUNK, _WHO, _DOCUMENT, _PROVIDER = "rta", "chunk", "who", "document", "provider"
_PLAIN_TYPE = str(ChunkRef.model_fields["content_type"].default)
_FIXED_PARTS = 5
_LONGEST_CHARACTER = 4
"""In bytes; a cut goes between characters."""


@dataclass(frozen=True, slots=True)
class ChunkNote:
    """What the chain says of a chunk beside its PieceCID; all times in ms.

    Attributes:
        creator: cut where producer and creator together exceed 96 bytes.
        may_be_cut: it is as long as it can be.
        provider_id: where the bytes went first; readers are sent there. None if not noted.
        opened_at_ms: when the stream was opened; None if not noted.
    """

    chunk_id: ChunkId
    session_started_at_ms: int
    started_at_ms: int
    duration_ms: int
    participants: int
    producer: str
    creator: str
    may_be_cut: bool
    is_final: bool
    content_type: str
    provider_id: int | None
    opened_at_ms: int | None


@dataclass(frozen=True, slots=True)
class DocumentNote:
    """What the chain says of a stream's document.

    Attributes:
        provider_id: where it went first; None if not noted.
    """

    rta_id: str
    version: int
    provider_id: int | None


def chunk_metadata(
    chunk: ChunkRef,
    *,
    duration_ms: int,
    provider_id: int | None = None,
    opened_at_ms: int | None = None,
) -> Pairs:
    """Return the pairs of a chunk.

    ``rta`` is the stream; ``chunk`` the id's own end, session start, start, duration (all ms)
    and participants, then parts that begin with a letter: ``p`` the provider of the first copy,
    ``o`` when the stream was opened, ``f`` a final marker that the id does not bear, ``t`` an
    unusual content type, left out where there is no room; ``who`` the producer and the creator.
    """
    own = chunk.chunk_id.removeprefix(f"{chunk.rta_id}_chunk_")
    times = (chunk.session_started_at_ms, chunk.started_at_ms, duration_ms, chunk.participants)
    lettered = [
        f"p{provider_id}" if provider_id is not None else "",
        "f" if chunk.is_final and not chunk.identity.is_final else "",
        f"o{opened_at_ms}" if opened_at_ms is not None else "",
        f"t{chunk.content_type}" if chunk.content_type != _PLAIN_TYPE else "",
    ]
    producer = chunk.producer.replace("%", "%25").replace("/", "%2F")
    return (
        (_RTA, chunk.rta_id),
        (_CHUNK, _joined("/".join([own, *map(str, times)]), lettered)),
        (_WHO, _cut(f"{producer}/{chunk.creator}")),
    )


def document_metadata(rta_id: str, version: int, *, provider_id: int | None = None) -> Pairs:
    """Return the pairs of a stream's document; ``provider`` is where its first copy is."""
    pairs = ((_RTA, rta_id), (_DOCUMENT, str(version)))
    return pairs if provider_id is None else (*pairs, (_PROVIDER, str(provider_id)))


def rta_of(pairs: Pairs) -> str:
    """Return the stream that a piece's pairs name; empty if they name none."""
    return dict(pairs).get(_RTA, "")


def read_metadata(pairs: Mapping[str, str]) -> ChunkNote | DocumentNote | None:
    """Read what a piece's pairs say; None if they are not ours, or cannot be read."""
    try:
        if _CHUNK in pairs:
            return _chunk_note(pairs[_RTA], pairs[_CHUNK], pairs.get(_WHO, "/"))
        if _DOCUMENT in pairs:
            provider = pairs.get(_PROVIDER)
            return DocumentNote(
                rta_id=pairs[_RTA],
                version=int(pairs[_DOCUMENT]),
                provider_id=int(provider) if provider else None,
            )
    except (KeyError, ValueError, InvalidInput):
        return None
    return None


def _chunk_note(rta_id: str, chunk: str, who: str) -> ChunkNote:
    own, *rest = chunk.split("/")
    session_ms, started_ms, duration_ms, participants = map(int, rest[: _FIXED_PARTS - 1])
    lettered = _lettered(rest[_FIXED_PARTS - 1 :])
    producer, _, creator = who.partition("/")
    chunk_id = parse_chunk_id(f"{rta_id}_chunk_{own}", rta_id)
    return ChunkNote(
        chunk_id=chunk_id,
        session_started_at_ms=session_ms,
        started_at_ms=started_ms,
        duration_ms=duration_ms,
        participants=participants,
        producer=unquote(producer),
        creator=creator,
        may_be_cut=len(who.encode()) > MAX_VALUE_BYTES - _LONGEST_CHARACTER,
        is_final=chunk_id.is_final or "f" in lettered,
        content_type=lettered.get("t", _PLAIN_TYPE),
        provider_id=_number(lettered.get("p")),
        opened_at_ms=_number(lettered.get("o")),
    )


def _lettered(parts: list[str]) -> dict[str, str]:
    """Return the parts by letter; the content type is the last one and has slashes itself."""
    found: dict[str, str] = {}
    for place, part in enumerate(parts):
        if part.startswith("t"):
            found["t"] = "/".join(parts[place:])[1:]
            break
        found[part[:1]] = part[1:]
    return found


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _joined(fixed: str, optional: Iterable[str]) -> str:
    text = fixed
    for part in filter(None, optional):
        longer = f"{text}/{part}"
        if len(longer.encode()) <= MAX_VALUE_BYTES:
            text = longer
    return text


def _cut(text: str) -> str:
    return text.encode()[:MAX_VALUE_BYTES].decode(errors="ignore")
