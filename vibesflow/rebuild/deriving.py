"""Which records follow from the evidence about one stream: one pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from vibesflow.rebuild.documents import FoundDocument, rows_of
from vibesflow.rebuild.evidence import Evidence
from vibesflow.rebuild.facts import Fact, Unknown
from vibesflow.rebuild.rows import RowsFound, find_rows
from vibesflow.stream.chunk import Message
from vibesflow.stream.document import details_of, home_of, in_stream_order, sessions_of
from vibesflow.stream.piece_metadata import ChunkNote
from vibesflow.stream.records import ChunkDetail, ChunkRow, Completion
from vibesflow.stream.restoring import RestoredStream, totals_of
from vibesflow.stream.times import iso_utc

_REV_OF_OPENING = 1
_WRITES_OF_REOPENING = 2
"""The stream is marked open again, and rows are appended at least once."""


class Snapshot(Message):
    """The details of one completion."""

    rev: int
    details: tuple[ChunkDetail, ...]


class DerivedStream(Message):
    """All records of one stream.

    Attributes:
        stream: the summary; its totals are those of ``rows``.
        rows: by the chunk's key.
        snapshots: one a version, the newest first.
    """

    stream: RestoredStream
    rows: dict[str, ChunkRow]
    snapshots: tuple[Snapshot, ...] = ()
    unknown: tuple[Unknown, ...] = Field(default=())


def derive(evidence: Evidence) -> DerivedStream | None:
    """Return a stream's records; None if nothing of it is left that a record could be made of."""
    if not evidence.documents:
        return _never_completed(evidence)
    newest = evidence.documents[0]
    documented = rows_of(newest.document, evidence.base_url, at=evidence.at)
    found = find_rows(evidence, documented, newest.document.creator)
    listed = [found.rows[key] for key, row in documented.items() if row.piece_cid is not None]
    completion = completion_of(evidence, newest, listed)
    stream, unknown = _completed(evidence, completion, found)
    snapshots = [
        Snapshot(rev=completion.rev, details=completion.details),
        *(_snapshot(evidence, older) for older in evidence.documents[1:]),
    ]
    return DerivedStream(
        stream=stream,
        rows=found.rows,
        snapshots=tuple(snapshots),
        unknown=(*evidence.unknown, *found.unknown, *unknown),
    )


def completion_of(
    evidence: Evidence, found: FoundDocument, listed: Sequence[ChunkRow]
) -> Completion:
    """Return what the completion wrote whose document this is.

    Args:
        evidence: knows the providers.
        found: the document.
        listed: the rows that it was compiled from and that have a piece.
    """
    document, details = found.document, details_of(listed)
    home = home_of(details)
    return Completion(
        rta_id=document.rta_id,
        version=document.version,
        rev=document.rev,
        metadata_cid=found.piece_cid,
        completed_at=document.compiled_at,
        details=details,
        data_set_id=home.data_set_id,
        storage_provider=evidence.address(found.provider_id),
        filcdn_base=home.filcdn_base,
    )


def _snapshot(evidence: Evidence, older: FoundDocument) -> Snapshot:
    rows = rows_of(older.document, evidence.base_url, at=evidence.at).values()
    return Snapshot(rev=older.document.rev, details=details_of(rows))


def _completed(
    evidence: Evidence, completion: Completion, found: RowsFound
) -> tuple[RestoredStream, list[Unknown]]:
    newest, oldest = evidence.documents[0].document, evidence.documents[-1].document
    is_complete = not found.since
    unknown = [] if is_complete else [Unknown(fact=Fact.REV), Unknown(fact=Fact.REOPENED_AT)]
    if oldest.version > 1:
        unknown.append(Unknown(fact=Fact.FIRST_COMPLETION, what=f"version {oldest.version}"))
    if completion.storage_provider is None:
        unknown.append(Unknown(fact=Fact.PROVIDER, what=f"document version {newest.version}"))
    stream = RestoredStream(
        rta_id=evidence.rta_id,
        creator=newest.creator,
        opened_at=newest.opened_at,
        totals=totals_of(found.rows.values()),
        rev=newest.rev + 1 + (0 if is_complete else _WRITES_OF_REOPENING),
        completion=completion,
        first_completed_at=oldest.compiled_at,
        is_complete=is_complete,
        listed_open_at=newest.compiled_at,
    )
    return stream, unknown


def _never_completed(evidence: Evidence) -> DerivedStream | None:
    found = find_rows(evidence, {}, "")
    if not found.rows:
        return None
    rows = in_stream_order(found.rows.values())
    opened_at, unknown = _opened_at(evidence, rows)
    stream = RestoredStream(
        rta_id=evidence.rta_id,
        creator=rows[0].creator,
        opened_at=opened_at,
        totals=totals_of(rows),
        rev=_REV_OF_OPENING + 1,
        listed_open_at=opened_at,
    )
    return DerivedStream(
        stream=stream,
        rows=found.rows,
        unknown=(
            *evidence.unknown,
            *found.unknown,
            *unknown,
            *_missing(found.rows),
            Unknown(fact=Fact.REV),
        ),
    )


def _opened_at(evidence: Evidence, rows: Iterable[ChunkRow]) -> tuple[str, list[Unknown]]:
    noted = [
        sighting.note.opened_at_ms
        for sighting in evidence.noted
        if isinstance(sighting.note, ChunkNote) and sighting.note.opened_at_ms is not None
    ]
    if noted:
        return iso_utc(min(noted)), []
    began_ms = min(row.session_started_at_ms or row.started_at_ms for row in rows)
    return iso_utc(began_ms), [Unknown(fact=Fact.OPENED_AT)]


def _missing(rows: Mapping[str, ChunkRow]) -> list[Unknown]:
    gaps = sessions_of(rows.values()).gaps
    if not gaps:
        return []
    numbers = ", ".join(str(number) for gap in gaps for number in gap.missing[:5])
    return [Unknown(fact=Fact.MISSING, count=sum(gap.missing_count for gap in gaps), what=numbers)]
