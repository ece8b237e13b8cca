"""Collecting what there is about one stream: its pieces, its documents, digests of its bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from vibesflow.filecoin.holdings import HoldingProvider
from vibesflow.rebuild.documents import FoundDocument, StreamDocument, read_document
from vibesflow.rebuild.evidence import Evidence, Sighting
from vibesflow.rebuild.facts import Fact, Unknown
from vibesflow.rebuild.index import PieceIndex
from vibesflow.rebuild.ports import Archive
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.piece_metadata import ChunkNote, DocumentNote
from vibesflow.stream.records import ChunkRow

MOST_DOCUMENT_BYTES = 256 * 2**20
"""Longer ones are not believed; a document takes some 600 bytes a chunk."""

_READS_AT_ONCE = 8


class Gatherer:
    """Reads documents and bytes; pieces come from the index.

    Args:
        archive: whom to ask for bytes.
        index: all pieces.
        providers: the registry.
        wanted_copies: how many copies make a chunk safe.
        at: ISO 8601 UTC time of this rebuild.
    """

    def __init__(
        self,
        archive: Archive,
        index: PieceIndex,
        providers: Mapping[int, HoldingProvider],
        *,
        wanted_copies: int,
        at: str,
    ) -> None:
        self._archive = archive
        self._index = index
        self._providers = providers
        self._wanted = wanted_copies
        self._at = at
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)

    async def gather(self, rta_id: str, standing: Collection[ChunkRow]) -> Evidence:
        """Return the evidence about a stream.

        Args:
            rta_id: the stream.
            standing: its rows in the table; their digests need not be taken again.
        """
        noted = self._index.of_stream(rta_id)
        documents, unknown = await self._documents(rta_id, noted)
        cids = {s.piece_cid for s in noted if isinstance(s.note, ChunkNote)}
        for found in documents[:1]:
            cids |= {str(e["piece_cid"]) for e in found.document.chunks if e.get("piece_cid")}
        own = {(s.data_set_id, s.piece_id) for s in noted}
        others = (s for s in self._index.with_bytes(sorted(cids)))
        return Evidence(
            rta_id=rta_id,
            noted=noted,
            others=tuple(s for s in others if (s.data_set_id, s.piece_id) not in own),
            documents=tuple(documents),
            digests=await self._digests(noted, documents, standing),
            providers=self._providers,
            wanted_copies=self._wanted,
            at=self._at,
            unknown=tuple(unknown),
        )

    async def _documents(
        self, rta_id: str, noted: Sequence[Sighting]
    ) -> tuple[list[FoundDocument], list[Unknown]]:
        """Read the newest document that reads, then each that it links to.

        Two may claim one version, when rows moved while the first was published; the one that was
        compiled last stands, and the next version links to it.
        """
        claimed: dict[int, set[str]] = {}
        for sighting in noted:
            if isinstance(sighting.note, DocumentNote):
                claimed.setdefault(sighting.note.version, set()).add(sighting.piece_cid)
        found: list[FoundDocument] = []
        unknown: list[Unknown] = []
        for version in sorted(claimed, reverse=True):
            link = found[-1].document.previous if found else None
            wanted = {link} if link in claimed[version] else claimed[version]
            read = [await self._document(rta_id, version, cid, noted) for cid in sorted(wanted)]
            readable = [document for document in read if document is not None]
            if readable:
                found.append(max(readable, key=lambda f: (f.document.rev, f.document.compiled_at)))
            else:
                unknown.append(Unknown(fact=Fact.DOCUMENT, what=f"version {version}"))
        return found, unknown

    async def _document(
        self, rta_id: str, version: int, cid: str, noted: Sequence[Sighting]
    ) -> FoundDocument | None:
        copies = [s for s in noted if s.piece_cid == cid]
        holders = [sighting.provider_id for sighting in copies]
        async with self._reads:
            data = await self._archive.content(cid, holders, MOST_DOCUMENT_BYTES)
        document: StreamDocument | None = None
        if data is not None:
            document = await asyncio.to_thread(read_document, data, rta_id)
        if document is None or document.version != version:
            return None
        named = (s.note.provider_id for s in copies if isinstance(s.note, DocumentNote))
        return FoundDocument(cid, document, next((n for n in named if n is not None), None))

    async def _digests(
        self,
        noted: Sequence[Sighting],
        documents: Sequence[FoundDocument],
        standing: Collection[ChunkRow],
    ) -> dict[str, str]:
        """Return what is known of digests, and take those of chunks that are in no document."""
        known = {row.piece_cid: row.sha256 for row in standing if row.piece_cid}
        documented: set[str] = set()
        for found in documents[:1]:
            for entry in (*found.document.chunks, *found.document.failed):
                documented.add(parse_chunk_id(str(entry["chunk_id"])).key)
        wanted: dict[str, list[int]] = {}
        for sighting in noted:
            note = sighting.note
            if isinstance(note, ChunkNote) and note.chunk_id.key not in documented:
                wanted.setdefault(sighting.piece_cid, []).append(sighting.provider_id)
        missing = {cid: holders for cid, holders in wanted.items() if cid not in known}
        taken = await asyncio.gather(*(self._digest(*each) for each in missing.items()))
        known |= {cid: digest for cid, digest in zip(missing, taken, strict=True) if digest}
        return known

    async def _digest(self, cid: str, holders: Sequence[int]) -> str | None:
        async with self._reads:
            return await self._archive.digest(cid, holders)
