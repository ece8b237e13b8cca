"""What tables lack of a stream's records, and what they have otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vibesflow.rebuild.deriving import DerivedStream, Snapshot
from vibesflow.stream.records import ChunkRow, StreamRecord
from vibesflow.stream.restoring import RestoredStream, RowTotals, totals_of

_GUESSED = {"written_at"}
"""Of a row: not a difference, for a row that is in no document gets the time of the rebuild."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written for one stream; everything may be empty.

    Attributes:
        rows: rows that are missing, and, if they are to be overwritten, those that differ.
        snapshots: those that the summary refers to, or did.
        stream: the summary to write; None if it stands.
        recount: the counters to correct in a summary that stands otherwise.
        standing_rev: ``rev`` of the summary that was read; None if there was none.
        differing: what stands otherwise than derived, by name.
        overwrite: rows that stand are to be replaced.
    """

    rows: tuple[ChunkRow, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    stream: RestoredStream | None = None
    recount: RowTotals | None = None
    standing_rev: int | None = None
    differing: tuple[str, ...] = field(default=())
    overwrite: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing is to be written."""
        return not self.rows and self.stream is None and self.recount is None


def plan(
    derived: DerivedStream,
    standing: StreamRecord | None,
    rows: Mapping[str, ChunkRow],
    *,
    overwrite: bool,
) -> Plan:
    """Say what to write.

    A summary goes forward only: one at an older document version becomes the newest, whatever is
    to be overwritten, since that is how a rebuild that was cut short goes on; a complete one is
    reopened when it lacked rows that no document has. Any other keeps what it says, but for
    counters that its rows contradict.

    Args:
        derived: what should be there.
        standing: the summary that is there; it was read before the rows.
        rows: the rows that are there, by the chunk's key.
        overwrite: replace what stands otherwise.
    """
    missing = {key: row for key, row in derived.rows.items() if key not in rows}
    other = {
        key: row for key, row in derived.rows.items() if key in rows and _differs(row, rows[key])
    }
    written = missing | (other if overwrite else {})
    totals = totals_of({**rows, **written}.values())
    restored = _restored(derived, rows, totals)
    names = sorted(row.chunk_id for row in other.values())
    if standing is None:
        stream: RestoredStream | None = restored
    else:
        fields = _differing_fields(restored, standing)
        behind = _is_behind(standing, restored, more_rows=bool(missing))
        names = fields + names
        restored = restored.model_copy(update={"rev": max(restored.rev, standing.rev + 1)})
        stream = restored if behind or (overwrite and fields) else None
    counters_off = standing is not None and not _counts(totals, standing)
    return Plan(
        rows=tuple(written.values()),
        snapshots=derived.snapshots if stream else (),
        stream=stream,
        recount=totals if stream is None and counters_off else None,
        standing_rev=standing.rev if standing else None,
        differing=tuple(names),
        overwrite=overwrite,
    )


def _restored(
    derived: DerivedStream, rows: Mapping[str, ChunkRow], totals: RowTotals
) -> RestoredStream:
    """Return the summary with the counters of all rows; more of them than derived reopen it."""
    more = any(row.piece_cid is not None for key, row in rows.items() if key not in derived.rows)
    return derived.stream.model_copy(
        update={"totals": totals, "is_complete": derived.stream.is_complete and not more}
    )


def _is_behind(standing: StreamRecord, restored: RestoredStream, *, more_rows: bool) -> bool:
    """Tell whether a summary is from before the newest document, or before the reopening."""
    reopened = standing.is_complete and not restored.is_complete and more_rows
    same = standing.document_version == restored.version
    return standing.document_version < restored.version or (same and reopened)


def _differs(derived: ChunkRow, standing: ChunkRow) -> bool:
    return derived.model_dump(exclude=_GUESSED) != standing.model_dump(exclude=_GUESSED)


def _counts(totals: RowTotals, standing: StreamRecord) -> bool:
    counted = {name: getattr(standing, name) for name in totals.by_status}
    return (
        counted == totals.by_status
        and standing.chunks == totals.chunks
        and standing.total_bytes == totals.total_bytes
        and standing.total_duration_ms == totals.total_duration_ms
    )


def _differing_fields(restored: RestoredStream, standing: StreamRecord) -> list[str]:
    """Name what a summary says otherwise, where chain or document can tell."""
    completion = restored.completion
    derived: dict[str, object] = {
        "creator": restored.creator,
        "opened_at": restored.opened_at,
        "is_complete": restored.is_complete,
        "document_version": restored.version,
    }
    if completion is not None:
        derived |= {
            "metadata_cid": completion.metadata_cid,
            "completed_at": completion.completed_at,
            "data_set_id": completion.data_set_id,
            "storage_provider": completion.storage_provider,
            "filcdn_base": completion.filcdn_base,
        }
    return [name for name, value in derived.items() if getattr(standing, name) != value]
