"""Ordering the copies of a stored piece: which providers, and their data sets are told."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from pydantic import BaseModel
from temporalio import activity

from activities.heart import Heart, remembered
from activities.messages import PieceToPlace, PlaceCopies, PlacedCopies
from activities.ports import DataSetOrders, PieceStore
from vibesflow.data_set.orders import Pairs, PieceOrder
from vibesflow.errors import NoProvider
from vibesflow.filecoin import ProviderInfo
from vibesflow.stream.placement import Copy, ProviderName, StoredPiece

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Need:
    """A piece whose copies are wanted.

    Attributes:
        copies: where it is or was ordered; the first one holds the bytes.
        urgent, patient, reply_to: see `PieceOrder`.
        avoid: providers that are not to have it.
    """

    rta_id: str
    creator: str
    piece_cid: str
    size: int
    copies: tuple[Copy, ...]
    metadata: Pairs = ()
    urgent: bool = False
    patient: bool = False
    reply_to: str = ""
    avoid: tuple[int, ...] = ()


class FoundCopies(BaseModel):
    """Heartbeat details: where copies are about to be ordered, by PieceCID."""

    copies: dict[str, tuple[Copy, ...]]


class CopyDesk:
    """Finds providers for the copies a piece lacks and orders all that are not confirmed."""

    def __init__(self, store: PieceStore, orders: DataSetOrders, *, wanted: int) -> None:
        self._store = store
        self._orders = orders
        self._wanted = wanted
        self._names: dict[int, ProviderName] = {}

    async def order(self, need: Need) -> StoredPiece:
        """Find providers for what is missing, and order; see `find` and `place`."""
        return await self.place(await self.find(need))

    async def find(self, need: Need) -> Need:
        """Return the need with providers for all copies, fewer than wanted if need be.

        Whoever orders them writes them down before: another attempt that chose other providers
        would have some copies paid that nobody knows of.
        """
        return replace(need, copies=(*need.copies, *await self._more(need)))

    async def place(self, need: Need) -> StoredPiece:
        """Order the copies of one piece; see `place_all`."""
        (stored,) = await self.place_all([need])
        return stored

    async def place_all(self, needs: Sequence[Need]) -> list[StoredPiece]:
        """Order the copies of a stream's pieces that are not confirmed.

        Each data set is told once of all of them. Ordering the same copy again is harmless: a
        data set takes a piece once.

        Raises:
            TemporalDown: a data set could not be told.
        """
        orders: dict[int, list[PieceOrder]] = defaultdict(list)
        order_id = uuid4().hex[:8]
        for need in needs:
            for provider_id, order in _orders(need, order_id):
                orders[provider_id].append(order)
        for provider_id, wanted in orders.items():
            await self._orders.order(provider_id, wanted, creator=needs[0].creator)
        return [self._stored(need, order_id) for need in needs]

    def _stored(self, need: Need, order_id: str) -> StoredPiece:
        known = [copy.provider_id for copy in need.copies if copy.provider_id in self._names]
        return StoredPiece(
            piece_cid=need.piece_cid,
            wanted=self._wanted,
            copies=list(need.copies),
            providers=[self._names[provider_id] for provider_id in known],
            order_id=order_id,
        )

    async def _more(self, need: Need) -> list[Copy]:
        lacking = self._wanted - len(need.copies)
        if lacking <= 0:
            return []
        taken = frozenset([*need.avoid, *(copy.provider_id for copy in need.copies)])
        try:
            chosen = await self._store.choose_copies(lacking, exclude=taken, size_bytes=need.size)
        except NoProvider as error:
            log.warning("%s lacks %d copies: %s", need.piece_cid, lacking, error)
            return []
        return [self.copy_at(provider, need.piece_cid) for provider in chosen]

    def copy_at(self, provider: ProviderInfo, piece_cid: str) -> Copy:
        """Return the copy that a provider is to hold."""
        self._names[provider.provider_id] = ProviderName(
            provider_id=provider.provider_id, name=provider.name, address=provider.address
        )
        url = self._store.retrieval_url(provider, piece_cid)
        return Copy(provider_id=provider.provider_id, base_url=url.removesuffix(piece_cid))


def _orders(need: Need, order_id: str) -> Iterator[tuple[int, PieceOrder]]:
    """Yield the order of each copy that is not confirmed, with its provider."""
    source = next((copy for copy in need.copies if copy.is_confirmed), need.copies[0])
    for copy in need.copies:
        if not copy.is_confirmed:
            held = copy.provider_id == source.provider_id
            yield (
                copy.provider_id,
                PieceOrder(
                    piece_cid=need.piece_cid,
                    size=need.size,
                    rta_id=need.rta_id,
                    source_url="" if held else source.base_url + need.piece_cid,
                    metadata=need.metadata,
                    urgent=need.urgent,
                    patient=need.patient,
                    reply_to=need.reply_to,
                    order_id=order_id,
                ),
            )


class OrderingActivities:
    """Repairs placements: replaces refused copies, orders again what was forgotten."""

    def __init__(self, desk: CopyDesk) -> None:
        self._desk = desk

    @activity.defn(name="place_copies")
    async def place_copies(self, request: PlaceCopies) -> PlacedCopies:
        """Order the copies that pieces lack; waits by benign retry while nobody can take them."""
        before = remembered(FoundCopies)
        async with Heart(before) as heart:
            found = dict(before.copies) if before else {}
            needs = []
            for piece in request.pieces:
                need = await self._desk.find(_need(request, piece, found))
                found[need.piece_cid] = need.copies  # for another piece of the same bytes, too
                needs.append(need)
            heart.beat(FoundCopies(copies=found))
            return await self._place(request, needs)

    async def _place(self, request: PlaceCopies, needs: list[Need]) -> PlacedCopies:
        placed = [
            stored.model_copy(update={"duration_ms": piece.stored.duration_ms})
            for piece, stored in zip(request.pieces, await self._desk.place_all(needs), strict=True)
        ]
        if all(
            len(new.copies) == len(old.stored.copies) < new.wanted
            for new, old in zip(placed, request.pieces, strict=True)
        ):
            raise NoProvider("no further provider takes copies now", retry_after_s=15)
        return PlacedCopies(pieces=tuple(placed))


def _need(request: PlaceCopies, piece: PieceToPlace, found: Mapping[str, tuple[Copy, ...]]) -> Need:
    cid = piece.stored.piece_cid
    return Need(
        rta_id=request.rta_id,
        creator=request.creator,
        piece_cid=cid,
        size=piece.size,
        copies=found.get(cid, tuple(piece.stored.copies)),
        metadata=piece.metadata,
        urgent=True,
    )
