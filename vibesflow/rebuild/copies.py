"""Which of the pieces on chain are a chunk's copies, and which of them readers are sent to.

The same rule as while a stream runs: the first confirmed copy in the order in which they were
ordered. The document has that order; for what is in no document, the note names the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vibesflow.rebuild.evidence import Sighting
from vibesflow.stream.piece_metadata import ChunkNote
from vibesflow.stream.records import RowCopy


def documented_copies(documented: Sequence[RowCopy], live: Sequence[Sighting]) -> list[Sighting]:
    """Return the copies that a document names and the chain still has, in its order.

    Only where some are gone, others that the chain has take their places.
    """
    at = {(s.data_set_id, s.piece_id): s for s in live}
    kept = [
        at[copy.data_set_id, copy.piece_id]
        for copy in documented
        if (copy.data_set_id, copy.piece_id) in at
    ]
    if len(kept) < len(documented):
        kept += _one_a_provider(live, without=kept)[: len(documented) - len(kept)]
    return kept


def noted_copies(
    own: Sequence[Sighting],
    others: Sequence[Sighting],
    *,
    first_provider_id: int | None = None,
    wanted: int,
) -> list[Sighting]:
    """Return the copies of a chunk that no document places.

    Args:
        own: pieces that bear the chunk's own note.
        others: pieces with the same bytes; those of the same scope count where copies lack, since
            a data set takes the same bytes once, with the note of whoever came first.
        first_provider_id: where readers were sent, should no note name the first copy.
        wanted: how many copies there should be.
    """
    found = _one_a_provider(own)
    scopes = {sighting.scope for sighting in own}
    if len(found) < wanted:
        near = [s for s in others if s.scope in scopes or not own]
        found += _one_a_provider(near, without=found)[: wanted - len(found)]
    held = {sighting.provider_id for sighting in found}
    named = [*(_named(s) for s in own), first_provider_id]
    first = next((provider_id for provider_id in named if provider_id in held), None)
    return sorted(found, key=lambda s: (s.provider_id != first, s.provider_id))


def _named(sighting: Sighting) -> int | None:
    return sighting.note.provider_id if isinstance(sighting.note, ChunkNote) else None


def _one_a_provider(
    sightings: Iterable[Sighting], *, without: Iterable[Sighting] = ()
) -> list[Sighting]:
    taken = {sighting.provider_id for sighting in without}
    found: dict[int, Sighting] = {}
    for sighting in sorted(sightings, key=lambda s: (s.provider_id, s.data_set_id, s.piece_id)):
        if sighting.provider_id not in taken:
            found.setdefault(sighting.provider_id, sighting)
    return list(found.values())
