"""Reading a stream's document back into the rows that it was compiled from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from vibesflow.errors import InvalidInput
from vibesflow.stream.chunk import Message
from vibesflow.stream.document import DOCUMENT_SCHEMA
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowCopy, RowStatus

Entry = dict[str, JsonValue]

_COPIES = TypeAdapter(tuple[tuple[int, int, int], ...])
"""Provider, data set and piece of each copy."""


class StreamDocument(Message):
    """A document as it is stored; see `vibesflow.stream.document.compile_document`.

    Attributes:
        rev: the stream's ``rev`` that it was compiled from.
        previous: PieceCID of the version before.
    """

    rta_id: str
    creator: str
    version: int
    previous: str | None = None
    rev: int
    opened_at: str
    compiled_at: str
    chunks: tuple[Entry, ...]
    failed: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document and where it was found.

    Attributes:
        provider_id: the provider of its first copy; None if the chain does not say.
    """

    piece_cid: str
    document: StreamDocument
    provider_id: int | None = None


def read_document(data: bytes, rta_id: str) -> StreamDocument | None:
    """Read a document; None if it is of another stream or schema, or cannot be read."""
    try:
        plain = from_json(data)
        if not isinstance(plain, dict) or plain.get("schema") != DOCUMENT_SCHEMA:
            return None
        document = StreamDocument.model_validate(plain)
        rows_of(document, lambda _: "", at="")
    except (ValueError, ValidationError, InvalidInput):
        return None
    return document if document.rta_id == rta_id else None


def rows_of(
    document: StreamDocument, base_url: Callable[[int], str], *, at: str
) -> dict[str, ChunkRow]:
    """Return the rows as they stood when the document was compiled, by the chunk's key.

    Args:
        document: one version.
        base_url: tells where a provider serves pieces; empty if that is not known.
        at: stands in for a missing time of writing.

    Raises:
        ValidationError: an entry lacks what a row needs.
    """
    entries = {str(entry.get("chunk_id")): entry for entry in document.chunks}
    for failed in document.failed:
        name = str(failed.get("chunk_id"))
        entries[name] = entries.get(name, {}) | failed
    rows = (_row_of(document, entry, base_url, at) for entry in entries.values())
    return {parse_chunk_id(row.chunk_id, document.rta_id).key: row for row in rows}


def _row_of(
    document: StreamDocument, entry: Entry, base_url: Callable[[int], str], at: str
) -> ChunkRow:
    plain: dict[str, object] = {"creator": document.creator, "written_at": at, **entry}
    copies = plain.pop("copies", None)
    row = ChunkRow.model_validate({**plain, "rta_id": document.rta_id})
    return row.model_copy(
        update={
            "copies": tuple(_copies(copies, base_url)),
            "retrieval_url": _url(row, base_url),
            "staging_key": None
            if row.status is RowStatus.UPLOADED
            else parse_chunk_id(row.chunk_id).staging_key,
        }
    )


def _copies(plain: object, base_url: Callable[[int], str]) -> list[RowCopy]:
    return [
        RowCopy(
            provider_id=provider_id,
            base_url=base_url(provider_id),
            data_set_id=data_set_id,
            piece_id=piece_id,
        )
        for provider_id, data_set_id, piece_id in _COPIES.validate_python(plain or ())
    ]


def _url(row: ChunkRow, base_url: Callable[[int], str]) -> str | None:
    """Where readers are sent: the document only says so of what is not at a provider."""
    if row.piece_cid is None or row.provider_id is None:
        return row.retrieval_url
    base = base_url(row.provider_id)
    return base + row.piece_cid if base else None
