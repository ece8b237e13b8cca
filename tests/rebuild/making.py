"""A small model of the live path: streams with rows as they would be, and what they leave behind.

What is on chain and in documents is made with the code of the live path; what is derived from it
must be the rows and the summary again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from vibesflow.filecoin.holdings import HoldingProvider
from vibesflow.rebuild.documents import FoundDocument, read_document
from vibesflow.rebuild.evidence import Evidence, Sighting
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.document import compile_document
from vibesflow.stream.piece_metadata import chunk_metadata, document_metadata, read_metadata
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.restoring import totals_of
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.times import iso_utc
from vibesflow.stream.tracking import TrackedChunk

OPENED_MS = 1_763_828_999_321
NOW = "2030-01-01T00:00:00.000Z"
SCOPE = "[]"
PROVIDERS = {
    number: HoldingProvider(number, f"0xAddress{number}", f"http://sp{number}/piece/")
    for number in (1, 2, 3)
}


@dataclass
class Chain:
    """Data sets of three providers; a data set takes the same bytes once."""

    pieces: dict[tuple[int, str], Sighting] = field(default_factory=dict)

    def commit(
        self, cid: str, size: int, provider_id: int, pairs: Sequence[tuple[str, str]]
    ) -> Sighting:
        data_set_id = provider_id + 10
        found = self.pieces.get((data_set_id, cid))
        if found is None:
            note = read_metadata(dict(pairs))
            found = Sighting(cid, size, data_set_id, len(self.pieces), provider_id, SCOPE, note)
            self.pieces[data_set_id, cid] = found
        return found


@dataclass
class LiveStream:
    """A stream as its workflow would keep it."""

    chain: Chain
    rta_id: str = "rta_1"
    creator: str = "0xabc"
    wanted: int = 2
    rows: dict[str, ChunkRow] = field(default_factory=dict)
    documents: list[FoundDocument] = field(default_factory=list)
    record: StreamRecord = field(init=False)
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        opened = iso_utc(OPENED_MS)
        self.record = StreamRecord(
            rta_id=self.rta_id, creator=self.creator, opened_at=opened, rev=1
        )

    def store(self, chunk: ChunkRef, providers: Sequence[int], confirmed: int = 2) -> ChunkRow:
        """Store a chunk; so many of its copies are confirmed on chain."""
        cid = f"cid-{chunk.sha256[:12]}"
        stored = StoredPiece(
            piece_cid=cid,
            wanted=self.wanted,
            copies=[Copy(provider_id=p, base_url=PROVIDERS[p].base_url) for p in providers],
        )
        pairs = chunk_metadata(
            chunk,
            duration_ms=chunk.duration_ms,
            provider_id=providers[0],
            opened_at_ms=OPENED_MS,
        )
        for provider_id in list(providers)[:confirmed]:
            seen = self.chain.commit(cid, chunk.size, provider_id, pairs)
            stored.note_committed(provider_id, seen.data_set_id, seen.piece_id)
        phase = ChunkPhase.CONFIRMED if stored.is_safe else ChunkPhase.STORED
        status = RowStatus.UPLOADED if stored.is_safe else RowStatus.PROCESSING
        self.digests[cid] = chunk.sha256
        return self._write(TrackedChunk(ref=chunk, phase=phase, stored=stored), status)

    def park(self, chunk: ChunkRef) -> ChunkRow:
        tracked = TrackedChunk(ref=chunk, phase=ChunkPhase.PARKED, error="no provider took it")
        return self._write(tracked, RowStatus.FAILED)

    def complete(self, provider_id: int = 1) -> None:
        """Publish the next version; its document is confirmed."""
        version = self.record.document_version + 1
        at = f"2025-11-2{version % 10}T00:00:00.000Z"
        rows = list(self.rows.values())
        data = compile_document(self.record, rows, version=version, compiled_at=at)
        cid = f"doc-{self.rta_id}-{version}"
        pairs = document_metadata(self.rta_id, version, provider_id=provider_id)
        self.chain.commit(cid, len(data), provider_id, pairs)
        document = read_document(data, self.rta_id)
        assert document is not None, json.loads(data)
        self.documents.insert(0, FoundDocument(cid, document, provider_id))
        self._change(is_complete=True, document_version=version, metadata_cid=cid, completed_at=at)

    def reopen(self) -> None:
        self._change(is_complete=False)

    def evidence(self) -> Evidence:
        noted, others = [], []
        cids = {row.piece_cid for row in self.rows.values()}
        for sighting in self.chain.pieces.values():
            note = sighting.note
            owner = getattr(note, "rta_id", None) or getattr(note, "chunk_id", None)
            if getattr(owner, "rta_id", owner) == self.rta_id:
                noted.append(sighting)
            elif sighting.piece_cid in cids:
                others.append(sighting)
        return Evidence(
            rta_id=self.rta_id,
            noted=tuple(noted),
            others=tuple(others),
            documents=tuple(self.documents),
            digests=self.digests,
            providers=PROVIDERS,
            wanted_copies=self.wanted,
            at=NOW,
        )

    def standing(self) -> StreamRecord:
        """The summary with the counters of its rows."""
        totals = totals_of(self.rows.values())
        return self.record.model_copy(
            update={
                "chunks": totals.chunks,
                **totals.by_status,
                "total_bytes": totals.total_bytes,
                "total_duration_ms": totals.total_duration_ms,
            }
        )

    def _write(self, tracked: TrackedChunk, status: RowStatus) -> ChunkRow:
        row = tracked.to_row(status, written_at=f"2025-11-20T00:00:{len(self.rows):02d}.000Z")
        self.rows[tracked.ref.key] = row
        self._change()
        return row

    def _change(self, **fields: object) -> None:
        changed = {**fields, "rev": self.record.rev + 1}
        self.record = self.record.model_copy(update=changed)
