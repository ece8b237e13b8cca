from __future__ import annotations

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.contracts.stage import (
    CLEANUP_DEPOSIT,
    DataSet,
    Stage,
    logs_of,
    random_uint,
    some_cids,
)


def test_create_and_add_in_one_transaction(stage: Stage, payer: LocalAccount) -> None:
    cids = some_cids(2)
    metadata = (("source", "my-app"), ("withIPFSIndexing", ""))
    piece_metadata = [(("name", "a"),), ()]
    data_set = stage.create_and_add(payer, cids, metadata=metadata, piece_metadata=piece_metadata)

    (created,) = logs_of(stage.fwss, "DataSetCreated", data_set.receipt)
    assert created["dataSetId"] == data_set.id
    assert created["payer"] == payer.address
    assert created["payee"] == stage.payee
    assert created["serviceProvider"] == stage.provider.address
    assert (created["metadataKeys"], created["metadataValues"]) == (
        ["source", "withIPFSIndexing"],
        ["my-app", ""],
    )
    (added,) = logs_of(stage.pdp, "PiecesAdded", data_set.receipt)
    assert added["pieceIds"] == [0, 1]
    assert [cid["data"] for cid in added["pieceCids"]] == cids
    first, second = logs_of(stage.fwss, "PieceAdded", data_set.receipt)
    assert (first["pieceId"], first["keys"], first["values"]) == (0, ["name"], ["a"])
    assert (second["pieceId"], second["pieceCid"]["data"]) == (1, cids[1])
    assert logs_of(stage.pay, "RailCreated", data_set.receipt)[0]["payer"] == payer.address


def test_view_after_create_and_add(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1), metadata=(("source", "x"),))
    read = stage.chain.read
    view = read(stage.view.functions.getDataSet(data_set.id))
    rail, cache_miss, cdn, *parties = view[:6]
    assert rail > 0
    assert (cache_miss, cdn) == (0, 0)
    assert parties == [payer.address, stage.payee, stage.provider.address]
    assert view[7] == data_set.client_id
    assert (view[8], view[9], view[12]) == (0, 1, data_set.id)
    assert read(stage.view.functions.railToDataSet(rail)) == data_set.id
    assert read(stage.view.functions.getClientDataSetsLength(payer.address)) == 1
    assert read(stage.view.functions.clientDataSets(payer.address)) == [data_set.id]
    assert read(stage.view.functions.getClientDataSets(payer.address, 0, 101)) == [view]
    assert read(stage.view.functions.getClientDataSets(payer.address)) == [view]
    assert read(stage.view.functions.getDataSetMetadata(data_set.id, "source")) == [True, "x"]
    assert read(stage.view.functions.getDataSetMetadata(data_set.id, "nope")) == [False, ""]
    assert read(stage.view.functions.getDataSetStatus(data_set.id)) == 1
    assert read(stage.pdp.functions.getDataSetListener(data_set.id)) == stage.places.fwss
    assert read(stage.pdp.functions.dataSetLive(data_set.id)) is True


def test_unknown_data_set(stage: Stage) -> None:
    read = stage.chain.read
    assert read(stage.view.functions.getDataSet(10**9))[0] == 0
    assert read(stage.pdp.functions.dataSetLive(10**9)) is False
    assert read(stage.view.functions.getDataSetStatus(10**9)) == 0
    leaves = stage.pdp.functions.getDataSetLeafCount(10**9)
    assert stage.selector(leaves) == "5d946944"
    terminate = stage.fwss.functions.terminateService(10**9)
    assert stage.selector(terminate) == "cba16d8c"


def test_only_the_provider_adds(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(1)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=random_uint())
    call = stage.add_call(data_set.id, cids, blob)
    assert stage.selector(call, sender=payer.address)
    stage.chain.send(stage.provider, call)


def test_unregistered_provider_cannot_create(stage: Stage, payer: LocalAccount) -> None:
    stranger = Account.create()
    stage.fil_for(stranger.address)
    blob = stage.create_blob(payer, client_id=random_uint())
    create = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    assert stage.selector(create, stranger.address, CLEANUP_DEPOSIT) == "232cb27a"


def test_cleanup_deposit(stage: Stage, payer: LocalAccount) -> None:
    blob = stage.create_blob(payer, client_id=random_uint())
    create = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    assert stage.selector(create, value=CLEANUP_DEPOSIT - 1) == "6cd8170b"
    before = stage.chain.web3.eth.get_balance(stage.places.pdp_verifier)
    stage.chain.send(stage.provider, create, 3 * CLEANUP_DEPOSIT)
    after = stage.chain.web3.eth.get_balance(stage.places.pdp_verifier)
    assert after - before == CLEANUP_DEPOSIT


def test_adding_takes_no_deposit(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(1)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=random_uint())
    assert stage.selector(stage.add_call(data_set.id, cids, blob), value=1) == "08c379a0"


def test_create_payload_limit(stage: Stage, payer: LocalAccount) -> None:
    blob = stage.create_blob(payer, client_id=random_uint()) + bytes(4096)
    create = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    assert stage.selector(create, value=CLEANUP_DEPOSIT) == "a9255222"


def test_ids_count_up_from_one(stage: Stage, payer: LocalAccount) -> None:
    first = stage.create_and_add(payer, some_cids(1))
    second = stage.create_and_add(payer, some_cids(1))
    assert first.id >= 1
    assert second.id == first.id + 1
    assert stage.chain.read(stage.pdp.functions.getNextDataSetId()) == second.id + 1
    page = stage.view.functions.clientDataSets(payer.address, 1, 10)
    assert stage.chain.read(page) == [second.id]


def test_empty_data_set_first_pieces_later(stage: Stage, payer: LocalAccount) -> None:
    client_id = random_uint()
    blob = stage.create_blob(payer, client_id=client_id)
    create = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    receipt = stage.chain.send(stage.provider, create, CLEANUP_DEPOSIT)
    (created,) = logs_of(stage.pdp, "DataSetCreated", receipt)
    data_set = DataSet(created["setId"], client_id, receipt)
    assert stage.chain.read(stage.view.functions.getDataSetStatus(data_set.id)) == 0
    stage.add(payer, data_set, some_cids(1))
    assert stage.chain.read(stage.view.functions.getDataSetStatus(data_set.id)) == 1
