"""Records and items: the words of the code on one side, the table's public names on the other.

Readers outside this project know the table by the names of the old API, so those stay; the exact
fields beside them (`duration_ms`, `sha256`, `status`) are what this code itself relies on.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from vibesflow.errors import InvalidInput, LedgerRejected
from vibesflow.ledger.attributes import Plain, Value, decode
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import (
    ChunkRow,
    Completion,
    CopyMove,
    Relisting,
    RowCopy,
    RowStatus,
    StreamRecord,
)
from vibesflow.stream.times import minutes_seconds

if TYPE_CHECKING:
    from vibesflow.ledger.attributes import Item

OPEN_SHARD = "open#0"
PARKED_SHARD = "parked#0"
SNAPSHOT_PREFIX = "D#"
CHUNK_PREFIX = "C#"
CHUNK_END = "C$"
"""Behind every key that begins with `CHUNK_PREFIX`."""
_LONGEST_ERROR = 1_000
_BYTES_PER_MB = 2**20

_COPIES = TypeAdapter(tuple[RowCopy, ...])

_STREAM_NAMES = {
    "opened_at": "upload_timestamp",
    "completed_at": "compilation_timestamp",
    "data_set_id": "proof_set_id",
}
_CHUNK_NAMES = {
    "piece_cid": "cid",
    "piece_id": "root_id",
    "retrieval_url": "filcdn_url",
    "session_started_at_ms": "session_start_ms",
    "written_at": "uploadedAt",
}


def chunk_key(chunk_id: str) -> str:
    """Return a row's range key, computed from the chunk id alone, so that every retry meets it."""
    try:
        return parse_chunk_id(chunk_id).key
    except InvalidInput:
        return f"{CHUNK_PREFIX}~{chunk_id}"


def row_attributes(row: ChunkRow) -> dict[str, Value | None]:
    """Spell a chunk's row, without its keys."""
    values: dict[str, Value | None] = row.model_dump(exclude={"rta_id", "copies"})
    values["copies"] = _COPIES.dump_json(row.copies).decode() if row.copies else None
    values["status"] = row.status.value
    values["error"] = row.error[:_LONGEST_ERROR] if row.error else None
    values["piece_id"] = _text(row.piece_id)
    values["data_set_id"] = _text(row.data_set_id)
    named = {_CHUNK_NAMES.get(name, name): value for name, value in values.items()}
    return named | {
        "duration": _seconds(row.duration_ms),
        "owner": row.creator,
        "synapse_confirmed": row.status is RowStatus.UPLOADED,
        "upload_complete": row.piece_cid is not None,
        "root_added": row.piece_id is not None,
        "pinata_fallback": row.status is RowStatus.PINNED,
    }


def row_of(item: Item) -> ChunkRow:
    """Read a chunk's row.

    Raises:
        LedgerRejected: the row lacks what this code always writes.
    """
    plain = decode(item)
    known: dict[str, object] = {**_known(plain, ChunkRow.model_fields, _CHUNK_NAMES)}
    try:
        known["copies"] = _COPIES.validate_json(str(known.get("copies", "[]")))
        return ChunkRow.model_validate(known)
    except ValidationError as error:
        key = f"{plain.get('rta_id')!r} {plain.get('chunk_key')!r}"
        raise LedgerRejected(f"row {key} was not written by this system: {error}") from error


def record_of(item: Item) -> StreamRecord:
    """Read a stream's summary; items that others wrote may lack what this code always writes."""
    plain: Plain = {"creator": "", "upload_timestamp": ""} | decode(item)
    return StreamRecord.model_validate(_known(plain, StreamRecord.model_fields, _STREAM_NAMES))


def opened_sort(at: str, rta_id: str) -> str:
    """Return the place of a stream among those that are being recorded."""
    return f"{at}#{rta_id}"


def parked_position(at: str, rta_id: str) -> dict[str, Value]:
    """Spell the index keys of a stream that has a chunk which is not on Filecoin for good."""
    return {"parked_shard": PARKED_SHARD, "parked_sort": opened_sort(at, rta_id)}


def completion_attributes(completion: Completion) -> dict[str, Value | None]:
    """Spell what a completion sets on the summary, its display values included.

    They are computed here from exact integers, once, so that they cannot drift apart.
    """
    details = completion.details
    total_bytes = sum(detail.size for detail in details)
    total_ms = sum(detail.duration_ms for detail in details)
    return {
        "is_complete": True,
        "document_version": completion.version,
        "detail_rev": completion.rev,
        "rev": completion.rev + 1,
        "metadata_cid": completion.metadata_cid,
        "compilation_timestamp": completion.completed_at,
        "proof_set_id": completion.data_set_id,
        "storage_provider": completion.storage_provider,
        "filcdn_base": completion.filcdn_base,
        "first_chunk_url": details[0].url if details else None,
        "last_chunk_url": details[-1].url if details else None,
        "total_duration": _seconds(total_ms),
        "total_size_mb": _rounded(Decimal(total_bytes) / _BYTES_PER_MB),
        "rta_duration": minutes_seconds(total_ms),
        "open_shard": None,
        "opened_sort": None,
    }


def copy_attributes(move: CopyMove) -> dict[str, Value | None]:
    """Spell what a row says of where its piece is."""
    first = move.copies[0]
    return {
        "copies": _COPIES.dump_json(move.copies).decode(),
        "provider_id": first.provider_id,
        "data_set_id": _text(first.data_set_id),
        "root_id": _text(first.piece_id),
        "filcdn_url": first.base_url + move.piece_cid,
        "root_added": True,
    }


def standing_attributes(move: CopyMove) -> dict[str, Value]:
    """Spell what a row must say for its copies to be written anew."""
    standing: dict[str, Value] = {"cid": move.piece_cid, "status": RowStatus.UPLOADED.value}
    if move.before:
        standing["copies"] = _COPIES.dump_json(move.before).decode()
    return standing


def listing_attributes(listing: Relisting) -> dict[str, Value | None]:
    """Spell what lists show of where a completed stream is."""
    details = listing.details
    return {
        "detail_rev": listing.rev,
        "rev": listing.rev + 1,
        "proof_set_id": listing.data_set_id,
        "filcdn_base": listing.filcdn_base,
        "first_chunk_url": details[0].url if details else None,
        "last_chunk_url": details[-1].url if details else None,
    }


def list_position(completion: Completion) -> dict[str, Value]:
    """Spell the index keys of the first completion; a stream keeps its place in the list."""
    return {
        "completed_month": completion.completed_at[:7],
        "completed_sort": f"{completion.completed_at}#{completion.rta_id}",
    }


def _known(plain: Plain, fields: Mapping[str, object], names: Mapping[str, str]) -> Plain:
    found = {field: plain.get(names.get(field, field)) for field in fields}
    return {field: value for field, value in found.items() if value is not None}


def _text(on_chain_id: int | None) -> str | None:
    """Spell an on-chain id: it has up to 78 digits, a number of the table 38."""
    return None if on_chain_id is None else str(on_chain_id)


def _seconds(duration_ms: int) -> Decimal:
    return Decimal(duration_ms) / 1_000


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"))
