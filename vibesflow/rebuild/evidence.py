"""What was found about one stream: the only thing that its records are derived from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vibesflow.filecoin.holdings import HoldingProvider
from vibesflow.rebuild.documents import FoundDocument
from vibesflow.rebuild.facts import Unknown
from vibesflow.stream.piece_metadata import ChunkNote, DocumentNote
from vibesflow.stream.records import RowCopy


@dataclass(frozen=True, slots=True)
class Sighting:
    """One live piece on chain.

    Attributes:
        scope: which data sets keep their bytes together; the same piece in another scope is not
            this stream's copy unless it bears this stream's note.
        note: what its metadata says; None if that is not ours.
    """

    piece_cid: str
    size: int
    data_set_id: int
    piece_id: int
    provider_id: int
    scope: str
    note: ChunkNote | DocumentNote | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one stream.

    Attributes:
        noted: pieces whose notes name the stream.
        others: pieces with the same bytes as one of the stream's, noted for another chunk.
        documents: those that could be read, newest first, each linked to the next.
        digests: SHA-256 in hex by PieceCID, as far as bytes were read or rows stand.
        providers: the registry.
        wanted_copies: how many confirmed copies make a chunk safe.
        at: ISO 8601 UTC time of this rebuild.
        unknown: what was already missed while the evidence was gathered.
    """

    rta_id: str
    noted: tuple[Sighting, ...]
    others: tuple[Sighting, ...]
    documents: tuple[FoundDocument, ...]
    digests: Mapping[str, str]
    providers: Mapping[int, HoldingProvider]
    wanted_copies: int
    at: str
    unknown: tuple[Unknown, ...] = field(default=())

    def copy_of(self, sighting: Sighting) -> RowCopy:
        """Spell a piece on chain as a row's copy."""
        return RowCopy(
            provider_id=sighting.provider_id,
            base_url=self.base_url(sighting.provider_id),
            data_set_id=sighting.data_set_id,
            piece_id=sighting.piece_id,
        )

    def base_url(self, provider_id: int) -> str:
        """Return where a provider serves pieces; empty if the registry has it no more."""
        provider = self.providers.get(provider_id)
        return provider.base_url if provider else ""

    def address(self, provider_id: int | None) -> str | None:
        """Return the account of a provider, or None."""
        provider = self.providers.get(provider_id) if provider_id is not None else None
        return provider.address if provider else None
