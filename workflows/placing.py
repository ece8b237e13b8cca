"""From what a stream tracks to what the next order of copies says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from activities.messages import PieceToPlace, PlaceCopies
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.equals import copies_of
from vibesflow.stream.piece_metadata import chunk_metadata, document_metadata
from vibesflow.stream.state import RtaState
from vibesflow.stream.times import epoch_ms_of
from vibesflow.stream.tracking import TrackedChunk


def place_request(
    state: RtaState, items: Iterable[TrackedChunk | StoredDocument]
) -> PlaceCopies | None:
    """Spell the order for what is still stored; None when nothing is."""
    pieces = tuple(_pieces(state, items))
    if not pieces:
        return None
    return PlaceCopies(rta_id=state.rta_id, creator=state.creator, pieces=pieces)


def _pieces(
    state: RtaState, items: Iterable[TrackedChunk | StoredDocument]
) -> Iterator[PieceToPlace]:
    for item in items:
        if isinstance(item, StoredDocument):
            metadata = document_metadata(
                state.rta_id, item.version, provider_id=item.first_provider_id
            )
            yield PieceToPlace(size=item.size, stored=item.stored, metadata=metadata)
        elif item.stored is not None:
            metadata = chunk_metadata(
                item.ref,
                duration_ms=item.duration_ms,
                provider_id=item.stored.first.provider_id,
                opened_at_ms=epoch_ms_of(state.opened_at),
            )
            stored = item.stored.model_copy(update={"copies": copies_of(state, item.stored)})
            yield PieceToPlace(size=item.ref.size, stored=stored, metadata=metadata)
