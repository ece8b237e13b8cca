"""Orders of one stream go to each data set in one message, as long as that stays small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import Mock

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.messages import PieceToPlace, PlaceCopies
from activities.ordering import CopyDesk, Need, OrderingActivities
from tests.fakes.filecoin import MemoryFilecoin
from vibesflow.data_set.orders import Pairs, PieceOrder
from vibesflow.filecoin import ProviderInfo
from vibesflow.settings import FilecoinSettings
from vibesflow.stream.placement import Copy, StoredPiece
from workflows import data_set_client
from workflows.data_set_client import DataSetClient

CREATOR = "someone.near"


class TakenOrders:
    """Data sets that note every message."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, tuple[str, ...]]] = []
        self.order_ids: list[str] = []

    async def order(self, provider_id: int, orders: Sequence[PieceOrder], *, creator: str) -> None:
        assert creator == CREATOR
        self.messages.append((provider_id, tuple(order.piece_cid for order in orders)))
        self.order_ids += [order.order_id for order in orders]

    def scope_of(self, rta_id: str, creator: str) -> Pairs:
        del rta_id, creator
        return ()


def need(cid: str, *providers: int, confirmed: int | None = None) -> Need:
    copies = [Copy(provider_id=number, base_url=f"http://{number}/piece/") for number in providers]
    for copy in copies:
        if copy.provider_id == confirmed:
            copy.data_set_id, copy.piece_id = 1, 1
    return Need(rta_id="rta_1", creator=CREATOR, piece_cid=cid, size=1_000, copies=tuple(copies))


async def test_a_data_set_is_told_once_of_all_pieces() -> None:
    taken = TakenOrders()
    desk = CopyDesk(MemoryFilecoin(), taken, wanted=2)
    placed = await desk.place_all([need("a", 1, 2), need("b", 1, 2), need("c", 2, 3, confirmed=2)])
    assert taken.messages == [(1, ("a", "b")), (2, ("a", "b")), (3, ("c",))]
    assert [piece.piece_cid for piece in placed] == ["a", "b", "c"]
    assert {piece.order_id for piece in placed} == set(taken.order_ids)
    (again,) = await desk.place_all([need("a", 1, 2)])
    assert again.order_id not in {"", placed[0].order_id}


class FickleFilecoin(MemoryFilecoin):
    """Chooses another provider each time."""

    async def choose_copies(self, *args: Any, **wishes: Any) -> tuple[ProviderInfo, ...]:
        self.known = dict(reversed(self.known.items()))
        return await super().choose_copies(*args, **wishes)


async def test_pieces_of_the_same_bytes_get_the_same_copies() -> None:
    desk = CopyDesk(FickleFilecoin(), TakenOrders(), wanted=2)
    stored = StoredPiece(piece_cid="a", wanted=2, copies=list(need("a", 1).copies))
    request = PlaceCopies(
        rta_id="rta_1", creator=CREATOR, pieces=(PieceToPlace(size=500, stored=stored),) * 2
    )
    placed = await ActivityEnvironment().run(OrderingActivities(desk).place_copies, request)
    one, other = ([copy.provider_id for copy in piece.copies] for piece in placed.pieces)
    assert one == other


async def test_what_is_too_much_for_a_message_goes_in_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages: list[list[PieceOrder]] = []

    async def signal(*_: object, args: list[list[PieceOrder]], **__: object) -> None:
        pages.append(args[0])

    monkeypatch.setattr(data_set_client, "signal_with_start", signal)
    client = DataSetClient(Mock(Client), "0xpayer", FilecoinSettings())
    pairs = tuple((f"key-{n}", "v" * 120) for n in range(5))
    orders = [
        PieceOrder(piece_cid=f"cid-{n}", size=1, rta_id="rta_1", metadata=pairs) for n in range(40)
    ]
    await client.order(1, orders, creator=CREATOR)
    assert [order for page in pages for order in page] == orders
    assert len(pages) > 1
    assert all(sum(len(o.model_dump_json()) for o in page) < 16_384 for page in pages)
