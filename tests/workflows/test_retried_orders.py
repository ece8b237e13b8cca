"""An order whose answer was lost goes to the same providers again, whoever would be chosen now."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import pytest

from tests.workflows.harness import StreamHarness
from vibesflow.data_set.orders import PieceOrder
from vibesflow.errors import TemporalDown
from workflows.data_set_client import DataSetClient


@pytest.fixture
def ordered(live_streams: StreamHarness, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int]]:
    """Lose the answer to the last order of each piece; collect who was asked, by PieceCID."""
    asked: dict[str, set[int]] = defaultdict(set)
    lost: list[str] = []
    known, order = live_streams.filecoin.known, DataSetClient.order

    async def lossy(
        client: DataSetClient, provider_id: int, pieces: Sequence[PieceOrder], *, creator: str
    ) -> None:
        (piece,) = pieces
        asked[piece.piece_cid].add(provider_id)
        await order(client, provider_id, pieces, creator=creator)
        if len(asked[piece.piece_cid]) == 2 and piece.piece_cid not in lost:
            lost.append(piece.piece_cid)
            for each in reversed(list(known)):  # so the next choice comes out otherwise
                known[each] = known.pop(each)
            raise TemporalDown("the answer got lost")

    monkeypatch.setattr(DataSetClient, "order", lossy)
    return asked


@pytest.mark.copies(2)
async def test_a_retry_orders_where_the_first_attempt_did(
    live_streams: StreamHarness, rta_id: str, ordered: dict[str, set[int]]
) -> None:
    streams = live_streams
    await streams.send(rta_id, 0, final=0)
    async with asyncio.timeout(60):
        await streams.result(rta_id)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert {copy.provider_id for copy in row.copies} == ordered[row.piece_cid or ""]
    assert [len(providers) for providers in ordered.values()] == [2, 2], "the document's, too"
    assert set(streams.filecoin.stores.values()) == {1}
