"""The public list of vibestreams."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from api.legacy.words import number, piece_url, seconds
from api.services import NetworkFacts
from vibesflow.query import CompletedStream
from vibesflow.stream.records import ChunkDetail
from vibesflow.stream.times import minutes_seconds

MIB = 2**20


class VibestreamChunk(BaseModel):
    """One playable chunk."""

    chunk_id: str
    cid: str
    size: int
    root_id: int | str | None
    url: str | None
    filcdn_url: str | None
    duration: int | float
    participants: int
    owner: str
    sequence: int
    is_final: bool


class Vibestream(BaseModel):
    """One stream that completed."""

    rta_id: str
    creator: str
    rta_duration: str
    chunks: int
    is_complete: bool = True
    filcdn_base: str | None
    filcdn_wallet: str | None
    network: str
    synapse_proof_set_id: int | str | None
    storage_provider: str | None
    first_chunk_url: str | None
    last_chunk_url: str | None
    upload_timestamp: int
    total_size_mb: float
    metadata_cid: str | None
    chunks_detail: list[VibestreamChunk]


def vibestream(stream: CompletedStream, network: NetworkFacts) -> Vibestream:
    """Spell a completed stream; a reopened one is listed as it stood at its last completion."""
    record = stream.record
    chunks = [_chunk(detail, network) for detail in stream.details]
    return Vibestream(
        rta_id=record.rta_id,
        creator=record.creator,
        rta_duration=minutes_seconds(sum(detail.duration_ms for detail in stream.details)),
        chunks=len(chunks),
        filcdn_base=record.filcdn_base or network.cdn_base or _base(stream.details),
        filcdn_wallet=network.wallet,
        network=network.name,
        synapse_proof_set_id=number(record.data_set_id),
        storage_provider=record.storage_provider,
        first_chunk_url=chunks[0].filcdn_url if chunks else record.first_chunk_url,
        last_chunk_url=chunks[-1].filcdn_url if chunks else record.last_chunk_url,
        upload_timestamp=round(datetime.fromisoformat(record.opened_at).timestamp() * 1_000),
        total_size_mb=round(sum(detail.size for detail in stream.details) / MIB, 6),
        metadata_cid=record.metadata_cid,
        chunks_detail=chunks,
    )


def _chunk(detail: ChunkDetail, network: NetworkFacts) -> VibestreamChunk:
    return VibestreamChunk(
        chunk_id=detail.chunk_id,
        cid=detail.piece_cid,
        size=detail.size,
        root_id=number(detail.piece_id),
        url=detail.url,
        filcdn_url=piece_url(network, detail.piece_cid, detail.url),
        duration=seconds(detail.duration_ms),
        participants=detail.participants,
        owner=detail.owner,
        sequence=detail.sequence,
        is_final=detail.is_final,
    )


def _base(details: tuple[ChunkDetail, ...]) -> str | None:
    first = details[0] if details else None
    if first is None or first.url is None or not first.url.endswith(first.piece_cid):
        return None
    return first.url.removesuffix(first.piece_cid)
