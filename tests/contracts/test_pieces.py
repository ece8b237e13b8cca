from __future__ import annotations

from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from tests.contracts.stage import (
    CLEANUP_DEPOSIT,
    Stage,
    logs_of,
    random_uint,
    some_cids,
)


def test_removal_takes_effect(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(
        payer, some_cids(3), piece_metadata=[(("a", "1"),), (("b", "2"),), ()]
    )
    receipt = stage.remove(payer, data_set, [0, 2])
    (removed,) = logs_of(stage.pdp, "PiecesRemoved", receipt)
    assert removed["pieceIds"] == [0, 2]
    read = stage.chain.read
    assert read(stage.pdp.functions.getActivePieceCount(data_set.id)) == 1
    assert read(stage.pdp.functions.getNextPieceId(data_set.id)) == 3
    assert read(stage.pdp.functions.getScheduledRemovals(data_set.id)) == []
    assert read(stage.pdp.functions.pieceLive(data_set.id, 0)) is False
    assert read(stage.view.functions.getAllPieceMetadata(data_set.id, 0)) == [[], []]
    assert read(stage.view.functions.getAllPieceMetadata(data_set.id, 1)) == [["b"], ["2"]]
    assert stage.selector(stage.removal_call(payer, data_set, [0])) == "c7b67cf3"
    assert stage.selector(stage.removal_call(Account.create(), data_set, [1])) == "42d750dc"


def test_removal_signature_limit(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    blob = encode(["bytes"], [bytes(257)])
    call = stage.pdp.functions.schedulePieceDeletions(data_set.id, [0], blob)
    assert stage.selector(call) == "a9255222"


def test_metadata_may_be_left_out_for_all_pieces(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(2)
    nonce = random_uint()
    signature = stage.pen.add(payer, data_set.client_id, nonce, cids, [(), ()])
    blob = encode(["uint256", "string[][]", "string[][]", "bytes"], [nonce, [], [], signature])
    stage.chain.send(stage.provider, stage.add_call(data_set.id, cids, blob))
    assert stage.chain.read(stage.pdp.functions.getActivePieceCount(data_set.id)) == 3


def test_pieces_by_cursor(stage: Stage, payer: LocalAccount) -> None:
    cids = some_cids(5)
    data_set = stage.create_and_add(payer, cids)
    stage.remove(payer, data_set, [1])
    cursor = stage.pdp.functions.getActivePiecesByCursor
    pieces, ids, more = stage.chain.read(cursor(data_set.id, 0, 2))
    assert (ids, more) == ([0, 2], True)
    assert [piece[0] for piece in pieces] == [cids[0], cids[2]]
    pieces, ids, more = stage.chain.read(cursor(data_set.id, 3, 2))
    assert (ids, more) == ([3, 4], False)
    assert stage.chain.read(cursor(data_set.id, 5, 2)) == [[], [], False]
    _, ids, more = stage.chain.read(stage.pdp.functions.getActivePieces(data_set.id, 1, 2))
    assert (ids, more) == ([2, 3], True)


def test_find_pieces_by_cid(stage: Stage, payer: LocalAccount) -> None:
    wanted, *others = some_cids(3)
    data_set = stage.create_and_add(payer, [wanted, *others])
    stage.add(payer, data_set, [wanted])
    find = stage.pdp.functions.findPieceIdsByCid
    assert stage.chain.read(find(data_set.id, (wanted,), 0, 10)) == [0, 3]
    assert stage.chain.read(find(data_set.id, (wanted,), 1, 10)) == [3]
    assert stage.chain.read(find(data_set.id, (wanted,), 0, 1)) == [0]
    assert stage.chain.read(find(data_set.id, (some_cids(1)[0],), 0, 10)) == []
    stage.remove(payer, data_set, [0])
    assert stage.chain.read(find(data_set.id, (wanted,), 0, 10)) == [3]


def test_reads_in_one_multicall(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    live = stage.pdp.encode_abi("dataSetLive", [data_set.id])
    dead = stage.pdp.encode_abi("getDataSetLeafCount", [10**9])
    target = stage.places.pdp_verifier
    call = stage.multicall.functions.aggregate3([(target, False, live), (target, True, dead)])
    (ok, live_word), (failed, reason) = stage.chain.read(call)
    assert (ok, int.from_bytes(live_word)) == (True, 1)
    assert (failed, reason.hex()) == (False, "5d946944")
    strict = stage.multicall.functions.aggregate3([(target, False, dead)])
    assert stage.selector(strict) == "08c379a0"


def test_forty_pieces_and_not_one_more(stage: Stage, payer: LocalAccount) -> None:
    cids = some_cids(41)
    call = stage.new_set_call(cids, stage.sign_deal(payer, cids).both)
    assert (
        stage.selector(call, value=CLEANUP_DEPOSIT)
        == keccak(text="TooManyPieces(uint256,uint256)").hex()[:8]
    )
    data_set = stage.create_and_add(payer, some_cids(40))
    assert stage.chain.read(stage.pdp.functions.getActivePieceCount(data_set.id)) == 40
