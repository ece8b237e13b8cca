"""Plain examples of the records that readers and writers exchange."""

from __future__ import annotations

import hashlib

from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import format_chunk_id, parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.status import ChunkPhase, ChunkView, StreamState, StreamStatus

RTA = "rta_1712345678901_ab12cd"
CREATOR = "dj.near"
T0_MS = 1_712_345_678_901
AT = "2024-04-05T19:34:38.901Z"


def chunk_id_of(sequence: int, *, rta_id: str = RTA, is_final: bool = False) -> str:
    return format_chunk_id(rta_id, sequence, T0_MS + sequence * 60_000, is_final=is_final)


def piece_cid_of_sequence(sequence: int) -> str:
    digest = hashlib.sha256(str(sequence).encode()).hexdigest()
    return f"bafkzcib{digest[:40]}"


def chunk_ref(sequence: int, *, rta_id: str = RTA, **changes: object) -> ChunkRef:
    chunk_id = parse_chunk_id(chunk_id_of(sequence, rta_id=rta_id))
    fields: dict[str, object] = {
        "rta_id": rta_id,
        "chunk_id": chunk_id.text,
        "sequence": sequence,
        "session_started_at_ms": T0_MS,
        "started_at_ms": chunk_id.epoch_ms,
        "creator": CREATOR,
        "participants": 3,
        "duration_ms": 60_000,
        "size": 1_000 + sequence,
        "sha256": hashlib.sha256(str(sequence).encode()).hexdigest(),
        "staging_key": chunk_id.staging_key,
    }
    return ChunkRef.model_validate(fields | changes)


def chunk_row(
    sequence: int, status: RowStatus = RowStatus.UPLOADED, *, rta_id: str = RTA, **changes: object
) -> ChunkRow:
    stored = status is not RowStatus.FAILED
    cid = piece_cid_of_sequence(sequence)
    fields: dict[str, object] = {
        **chunk_ref(sequence, rta_id=rta_id).model_dump(exclude={"staging_key"}),
        "status": status,
        "piece_cid": cid if stored else None,
        "provider_id": 1 if stored else None,
        "retrieval_url": f"http://127.0.0.1:5801/piece/{cid}" if stored else None,
        "data_set_id": 7 if status is RowStatus.UPLOADED else None,
        "piece_id": sequence if status is RowStatus.UPLOADED else None,
        "error": None if stored else "no provider took it",
        "written_at": AT,
    }
    return ChunkRow.model_validate(fields | changes)


def chunk_view(sequence: int, phase: ChunkPhase, **changes: object) -> ChunkView:
    fields: dict[str, object] = {
        "chunk_id": chunk_id_of(sequence),
        "sequence": sequence,
        "session_started_at_ms": T0_MS,
        "phase": phase,
        "size": 1_000 + sequence,
    }
    return ChunkView.model_validate(fields | changes)


def stream_record(**changes: object) -> StreamRecord:
    fields: dict[str, object] = {"rta_id": RTA, "creator": CREATOR, "opened_at": AT}
    return StreamRecord.model_validate(fields | changes)


def stream_status(state: StreamState = StreamState.RECORDING, **changes: object) -> StreamStatus:
    fields: dict[str, object] = {
        "rta_id": RTA,
        "creator": CREATOR,
        "state": state,
        "window_s": 360.0,
    }
    return StreamStatus.model_validate(fields | changes)
