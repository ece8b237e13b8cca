"""What is sent to the contracts is what their compiled interface takes."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3 import Web3

from devnet.chain.artifacts import artifact
from devnet.provider import calls
from devnet.provider.reverts import Reverted
from vibesflow.filecoin import piece_cid_of

HERE = "0x" + "33" * 20
KEEPER = "0x" + "44" * 20
CID = piece_cid_of(b"x" * 200)


@pytest.mark.parametrize(
    ("contract", "made", "function", "arguments"),
    [
        (
            "PDPVerifier",
            calls.create_data_set(HERE, KEEPER, b"e", 5),
            "createDataSet",
            {"listenerAddr": KEEPER, "extraData": b"e"},
        ),
        (
            "PDPVerifier",
            calls.create_and_add(HERE, KEEPER, [CID], b"e", 5),
            "addPieces",
            {
                "setId": 0,
                "listenerAddr": KEEPER,
                "pieceData": [{"data": CID.to_bytes()}],
                "extraData": b"e",
            },
        ),
        (
            "PDPVerifier",
            calls.add_pieces(HERE, 7, [CID, CID], b"e"),
            "addPieces",
            {
                "setId": 7,
                "listenerAddr": calls.NO_ADDRESS,
                "pieceData": [{"data": CID.to_bytes()}] * 2,
                "extraData": b"e",
            },
        ),
        (
            "PDPVerifier",
            calls.delete_pieces(HERE, 7, [1, 2], b"e"),
            "schedulePieceDeletions",
            {"setId": 7, "pieceIds": [1, 2], "extraData": b"e"},
        ),
        (
            "FilecoinWarmStorageService",
            calls.terminate(HERE, 7, b"e"),
            "terminateService",
            {"dataSetId": 7, "extraData": b"e"},
        ),
    ],
)
def test_calls(
    contract: str, made: calls.Call, function: str, arguments: dict[str, object]
) -> None:
    interface = Web3().eth.contract(
        address=Web3.to_checksum_address(HERE), abi=artifact(contract).abi
    )
    found, decoded = interface.decode_function_input(made.data)
    assert found.fn_name == function
    assert {name: decoded[name] for name in arguments} == arguments
    assert made.value == (5 if function == "createDataSet" or decoded.get("setId") == 0 else 0)


@pytest.mark.parametrize(
    ("contract", "event", "topic"),
    [
        ("PDPVerifier", "DataSetCreated", calls.DATA_SET_CREATED),
        ("PDPVerifier", "PiecesRemoved", calls.PIECES_REMOVED),
        ("FilecoinWarmStorageService", "PieceAdded", calls.PIECE_ADDED),
    ],
)
def test_events(contract: str, event: str, topic: str) -> None:
    interface = Web3().eth.contract(abi=artifact(contract).abi)
    assert interface.events[event]().topic == topic


def test_reverts_in_a_nodes_words() -> None:
    custom = "0xdae03403" + "00" * 32
    assert f"vm error=[{custom}]" in str(Reverted(custom))
    text = "0x08c379a0" + encode(["string"], ["No fee on add"]).hex()
    assert "revert reason=[Error(No fee on add)]" in str(Reverted(text))
    broken = "0x08c379a0" + keccak(text="x").hex()
    assert f"revert reason=[{broken}]" in str(Reverted(broken))
