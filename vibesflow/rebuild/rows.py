"""From evidence to rows: what a document says, as the chain has it now, and what it has besides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vibesflow.rebuild.copies import documented_copies, noted_copies
from vibesflow.rebuild.evidence import Evidence, Sighting
from vibesflow.rebuild.facts import Fact, Unknown
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.piece_metadata import ChunkNote
from vibesflow.stream.records import ChunkRow, RowStatus


@dataclass(frozen=True, slots=True)
class RowsFound:
    """Rows by the chunk's key.

    Attributes:
        since: keys of those that are on chain and that the newest document lacks, or has as
            given up: the stream has been open since.
    """

    rows: dict[str, ChunkRow]
    since: frozenset[str]
    unknown: list[Unknown] = field(default_factory=list)


def find_rows(evidence: Evidence, documented: Mapping[str, ChunkRow], creator: str) -> RowsFound:
    """Return all rows of a stream.

    Args:
        evidence: what was found.
        documented: the rows of the newest document, as it has them.
        creator: of the stream, to complete a name that the chain has cut.
    """
    finder = _Finder(evidence, creator)
    rows = {key: finder.as_on_chain(row) for key, row in documented.items()}
    since = {
        key
        for key, row in documented.items()
        if rows[key].status is RowStatus.UPLOADED and _was_given_up(row)
    }
    for key, sightings in finder.by_key.items():
        if key not in documented and (row := finder.undocumented(sightings)) is not None:
            rows[key] = row
            since.add(key)
    finder.note_other_bytes(rows)
    return RowsFound(rows, frozenset(since), finder.unknown())


def _was_given_up(row: ChunkRow) -> bool:
    return row.status not in (RowStatus.UPLOADED, RowStatus.PROCESSING)


class _Finder:
    """Derives rows one by one and keeps count of what is not known of them."""

    def __init__(self, evidence: Evidence, creator: str) -> None:
        self._evidence = evidence
        self._creator = creator
        self._missed: dict[Fact, list[str]] = defaultdict(list)
        self._live: dict[str, list[Sighting]] = defaultdict(list)
        self.by_key: dict[str, list[Sighting]] = defaultdict(list)
        for sighting in (*evidence.noted, *evidence.others):
            self._live[sighting.piece_cid].append(sighting)
        for sighting in evidence.noted:
            if isinstance(sighting.note, ChunkNote):
                self.by_key[sighting.note.chunk_id.key].append(sighting)

    def as_on_chain(self, row: ChunkRow) -> ChunkRow:
        """Return a documented row with what the chain has of it."""
        if row.piece_cid is None:
            own = [s for s in self.by_key.get(_key(row), ()) if s.size == row.size]
            if not own:
                return row
            row = row.model_copy(update={"piece_cid": own[0].piece_cid})
        copies = self._copies_of(row)
        if not copies:
            if row.status is RowStatus.UPLOADED:
                self._missed[Fact.GONE].append(row.chunk_id)
            return row
        return self._placed(row, copies)

    def undocumented(self, sightings: Sequence[Sighting]) -> ChunkRow | None:
        """Return the row of a chunk that only its notes tell of; None without its digest."""
        oldest = min(sightings, key=lambda s: (s.piece_id, s.data_set_id))
        own = [s for s in sightings if s.piece_cid == oldest.piece_cid]
        note = oldest.note
        if not isinstance(note, ChunkNote):
            return None
        if (digest := self._evidence.digests.get(oldest.piece_cid)) is None:
            self._missed[Fact.DIGEST].append(note.chunk_id.text)
            return None
        self._missed[Fact.WRITTEN_AT].append(note.chunk_id.text)
        row = ChunkRow(
            rta_id=self._evidence.rta_id,
            chunk_id=note.chunk_id.text,
            status=RowStatus.UPLOADED,
            sequence=note.chunk_id.sequence,
            session_started_at_ms=note.session_started_at_ms,
            started_at_ms=note.started_at_ms,
            producer=note.producer,
            creator=self._whole_name(note),
            participants=note.participants,
            duration_ms=note.duration_ms,
            size=oldest.size,
            sha256=digest,
            content_type=note.content_type,
            is_final=note.is_final,
            piece_cid=oldest.piece_cid,
            written_at=self._evidence.at,
        )
        others = self._beside(own)
        return self._placed(row, noted_copies(own, others, wanted=self._evidence.wanted_copies))

    def note_other_bytes(self, rows: Mapping[str, ChunkRow]) -> None:
        """Count pieces that bear a chunk's id and are not what its row says."""
        for key, sightings in self.by_key.items():
            row = rows.get(key)
            others = {s.piece_cid for s in sightings if row and s.piece_cid != row.piece_cid}
            self._missed[Fact.OTHER_BYTES].extend(sorted(others))

    def unknown(self) -> list[Unknown]:
        """Return what was missed, a few of each by name."""
        return [
            Unknown(fact=fact, count=len(names), what=_few(names))
            for fact, names in self._missed.items()
            if names
        ]

    def _copies_of(self, row: ChunkRow) -> list[Sighting]:
        live = self._live.get(row.piece_cid or "", [])
        own = [s for s in self.by_key.get(_key(row), ()) if s.piece_cid == row.piece_cid]
        others = [s for s in live if s not in own]
        if row.copies and row.status is RowStatus.UPLOADED:
            placed = {(copy.data_set_id, copy.piece_id) for copy in row.copies}
            scopes = {s.scope for s in live if s in own or (s.data_set_id, s.piece_id) in placed}
            return documented_copies(
                row.copies, [s for s in live if not scopes or s.scope in scopes]
            )
        return noted_copies(
            own,
            others,
            first_provider_id=row.provider_id,
            wanted=self._evidence.wanted_copies,
        )

    def _beside(self, own: Sequence[Sighting]) -> list[Sighting]:
        return [s for s in self._live[own[0].piece_cid] if s not in own]

    def _placed(self, row: ChunkRow, copies: Sequence[Sighting]) -> ChunkRow:
        first, enough = copies[0], len(copies) >= self._evidence.wanted_copies
        confirmed = row.status is RowStatus.UPLOADED or enough
        if row.status is RowStatus.UPLOADED and not enough:
            self._missed[Fact.FEWER_COPIES].append(row.chunk_id)
        base = self._evidence.base_url(first.provider_id)
        if not base:
            self._missed[Fact.PROVIDER].append(row.chunk_id)
        if confirmed:
            lasting = row.model_dump(include=_LASTING)
            row = ChunkRow(**lasting, status=RowStatus.UPLOADED)
        return row.model_copy(
            update={
                "provider_id": first.provider_id,
                "data_set_id": first.data_set_id,
                "piece_id": first.piece_id,
                "retrieval_url": base + first.piece_cid if base else None,
                "copies": tuple(self._evidence.copy_of(s) for s in copies),
            }
        )

    def _whole_name(self, note: ChunkNote) -> str:
        if not note.may_be_cut:
            return note.creator
        if self._creator.startswith(note.creator):
            return self._creator
        self._missed[Fact.CREATOR].append(note.chunk_id.text)
        return note.creator


_LASTING = {
    "rta_id",
    "chunk_id",
    "sequence",
    "session_started_at_ms",
    "started_at_ms",
    "producer",
    "creator",
    "participants",
    "duration_ms",
    "size",
    "sha256",
    "content_type",
    "is_final",
    "piece_cid",
    "written_at",
}
"""What a row goes on to say when the chain has the chunk; all else is about the way there."""


def _key(row: ChunkRow) -> str:
    return parse_chunk_id(row.chunk_id).key


def _few(names: Iterable[str]) -> str:
    first, *rest = list(names)
    return f"{first} and {len(rest)} more" if rest else first
