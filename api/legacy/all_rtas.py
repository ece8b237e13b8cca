"""Every stream, complete or not, for operators."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from vibesflow.query.views import Census, OpenStream
from vibesflow.stream.records import StreamRecord


class Summary(BaseModel):
    """How many there are."""

    total: int
    complete: int
    incomplete: int
    completable: int


class CompleteRta(BaseModel):
    """A complete stream."""

    rta_id: str
    creator: str
    chunks: int
    upload_time: str


class IncompleteRta(BaseModel):
    """A stream that is being recorded, or was reopened."""

    rta_id: str
    creator: str
    upload_time: str
    age_hours: int
    total_chunks: int
    valid_chunks: int
    final_chunks: int
    can_complete: bool
    completion_url: str


class AllRtasReply(BaseModel):
    """All of them; ``truncated`` when there are more than one reply shows."""

    success: bool = True
    summary: Summary
    complete_rtas: list[CompleteRta]
    incomplete_rtas: list[IncompleteRta]
    truncated: bool


def all_rtas_reply(census: Census, now: datetime) -> AllRtasReply:
    """Spell a census."""
    complete = [_complete(record) for record in census.complete]
    incomplete = [_incomplete(stream, now) for stream in census.open]
    return AllRtasReply(
        summary=Summary(
            total=len(complete) + len(incomplete),
            complete=len(complete),
            incomplete=len(incomplete),
            completable=sum(rta.can_complete for rta in incomplete),
        ),
        complete_rtas=complete,
        incomplete_rtas=incomplete,
        truncated=census.truncated,
    )


def _complete(record: StreamRecord) -> CompleteRta:
    return CompleteRta(
        rta_id=record.rta_id,
        creator=record.creator,
        chunks=record.chunks,
        upload_time=record.opened_at,
    )


def _incomplete(stream: OpenStream, now: datetime) -> IncompleteRta:
    record = stream.record
    age = now - datetime.fromisoformat(record.opened_at)
    return IncompleteRta(
        rta_id=record.rta_id,
        creator=record.creator,
        upload_time=record.opened_at,
        age_hours=round(age.total_seconds() / 3_600),
        total_chunks=stream.chunks,
        valid_chunks=stream.with_piece,
        final_chunks=stream.final,
        can_complete=stream.with_piece > 0,
        completion_url=f"/api/complete-rta/{quote(record.rta_id)}",
    )
