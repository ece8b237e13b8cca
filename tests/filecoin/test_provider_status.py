from __future__ import annotations

import pytest

from tests.filecoin.small_server import SmallServer, as_json, text
from vibesflow.errors import ProviderFault
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_status import TxState

TX = "0x" + "ab" * 32


async def test_the_status_routes(provider: Provider, server: SmallServer) -> None:
    server.replies = [
        as_json(
            {
                "createMessageHash": TX,
                "dataSetCreated": True,
                "service": "public",
                "txStatus": "confirmed",
                "ok": True,
                "dataSetId": 12,
                "confirmedTxHash": "0x01",
            }
        ),
        as_json(
            {
                "txHash": TX,
                "txStatus": "pending",
                "dataSetId": 12,
                "pieceCount": 1,
                "addMessageOk": None,
                "piecesAdded": False,
            }
        ),
        text(404, "unknown"),
    ]
    created = await provider.creation_status(TX)
    added = await provider.addition_status(12, TX)
    assert created is not None
    assert (created.state, created.data_set_id) == (TxState.CONFIRMED, 12)
    assert created.confirmed_tx_hash == "0x01"
    assert added is not None
    assert (added.state, added.confirmed_piece_ids) == (TxState.PENDING, None)
    assert await provider.creation_status(TX) is None
    assert [request.path for request in server.seen] == [
        f"/pdp/data-sets/created/{TX}",
        f"/pdp/data-sets/12/pieces/added/{TX}",
        f"/pdp/data-sets/created/{TX}",
    ]


@pytest.mark.parametrize(
    ("tx_status", "ok", "done", "state"),
    [
        ("pending", None, False, TxState.PENDING),
        ("confirmed", True, False, TxState.CONFIRMED),
        ("confirmed", True, True, TxState.CONFIRMED),
        ("confirmed", False, False, TxState.FAILED),
        ("failed", None, False, TxState.FAILED),
        ("rejected", None, False, TxState.FAILED),
        ("something new", None, False, TxState.PENDING),
    ],
)
async def test_how_far_a_transaction_is(
    provider: Provider,
    server: SmallServer,
    tx_status: str,
    ok: bool | None,
    done: bool,
    state: TxState,
) -> None:
    common = {"txStatus": tx_status, "dataSetId": 1}
    server.replies = [
        as_json(common | {"createMessageHash": TX, "dataSetCreated": done, "ok": ok}),
        as_json(common | {"txHash": TX, "piecesAdded": done, "addMessageOk": ok}),
    ]
    created = await provider.creation_status(TX)
    added = await provider.addition_status(1, TX)
    assert created is not None
    assert added is not None
    assert created.state == added.state == state


async def test_an_unreadable_status_is_a_fault(provider: Provider, server: SmallServer) -> None:
    server.handler = lambda _: text(200, "<html>")
    with pytest.raises(ProviderFault, match="unreadable status: <html>"):
        await provider.creation_status(TX)
