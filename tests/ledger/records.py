"""Streams and rows to write."""

from __future__ import annotations

import hashlib

from vibesflow.stream.ids import format_chunk_id
from vibesflow.stream.records import (
    ChunkDetail,
    ChunkRow,
    Completion,
    RowStatus,
    RowWrite,
    StreamOpening,
)

RTA = "rta_1763829000000_abc123"
CREATOR = "creator.near"
START_MS = 1_763_829_000_000
AT = "2025-11-22T16:30:00.123Z"


def opening(rta_id: str = RTA, creator: str = CREATOR, at: str = AT) -> StreamOpening:
    return StreamOpening(rta_id=rta_id, creator=creator, opened_at=at)


def row(
    number: int,
    status: RowStatus = RowStatus.UPLOADED,
    *,
    rta_id: str = RTA,
    with_piece: bool | None = None,
    **changes: object,
) -> ChunkRow:
    started_at_ms = START_MS + number * 60_000
    has_piece = status is not RowStatus.FAILED if with_piece is None else with_piece
    confirmed = status is RowStatus.UPLOADED
    fields: dict[str, object] = {
        "rta_id": rta_id,
        "chunk_id": format_chunk_id(rta_id, number, started_at_ms),
        "status": status,
        "sequence": number,
        "session_started_at_ms": START_MS,
        "started_at_ms": started_at_ms,
        "producer": "p1",
        "creator": CREATOR,
        "participants": 3,
        "duration_ms": 60_000 + number,
        "size": 1_000_000 + number,
        "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
        "piece_cid": piece_cid(number) if has_piece else None,
        "provider_id": 1 if has_piece else None,
        "retrieval_url": url(number) if has_piece else None,
        "data_set_id": 2**200 if confirmed else None,
        "piece_id": number if confirmed else None,
        "written_at": AT,
        "error": "provider said no" if status is RowStatus.FAILED else None,
        "staging_key": None if confirmed else f"{rta_id}/{number}",
    }
    return ChunkRow.model_validate(fields | changes)


def piece_cid(number: int) -> str:
    return "bafkzcib" + hashlib.sha256(str(number).encode()).hexdigest()[:53]


def url(number: int) -> str:
    return f"https://provider.example/piece/{piece_cid(number)}"


def new(number: int, status: RowStatus = RowStatus.UPLOADED, **changes: object) -> RowWrite:
    return RowWrite(row=row(number, status, **changes))  # type: ignore[arg-type]


def detail(number: int, rta_id: str = RTA) -> ChunkDetail:
    made = row(number, rta_id=rta_id)
    return ChunkDetail(
        chunk_id=made.chunk_id,
        piece_cid=piece_cid(number),
        size=made.size,
        piece_id=made.piece_id,
        data_set_id=made.data_set_id,
        url=made.retrieval_url,
        duration_ms=made.duration_ms,
        participants=made.participants,
        owner=made.creator,
        sequence=made.sequence,
    )


def completion(
    rev: int,
    *,
    version: int = 1,
    chunks: int = 3,
    rta_id: str = RTA,
    at: str = AT,
    metadata_cid: str = "bafkzcibdocument",
) -> Completion:
    return Completion(
        rta_id=rta_id,
        version=version,
        rev=rev,
        metadata_cid=metadata_cid,
        completed_at=at,
        details=tuple(detail(number, rta_id) for number in range(chunks)),
        data_set_id="7",
        storage_provider="0x00000000000000000000000000000000000000AA",
        filcdn_base="https://provider.example/piece",
    )
