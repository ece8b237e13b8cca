"""Ending a data set's service, with notice or by consent."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.contracts.stage import DataSet, Stage, logs_of, random_uint, some_cids
from tests.contracts.test_prices import usdfc

LOCKUP_PERIOD = 86_400


def _end_epoch(stage: Stage, data_set: DataSet) -> int:
    return int(stage.chain.read(stage.view.functions.getDataSet(data_set.id))[8])


def test_payer_gives_notice(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    rail_id = stage.chain.read(stage.view.functions.getDataSet(data_set.id))[0]
    terminate = stage.fwss.functions.terminateService(data_set.id)
    assert stage.selector(terminate, sender=Account.create().address)
    receipt = stage.chain.send(payer, terminate)

    end = receipt["blockNumber"] + LOCKUP_PERIOD
    (payment,) = logs_of(stage.fwss, "PDPPaymentTerminated", receipt)
    assert dict(payment) == {"dataSetId": data_set.id, "endEpoch": end, "pdpRailId": rail_id}
    (service,) = logs_of(stage.fwss, "ServiceTerminated", receipt)
    assert (service["approver"], service["dataSetId"]) == (payer.address, data_set.id)
    assert _end_epoch(stage, data_set) == end
    assert stage.account(payer.address)[2] == 0
    assert stage.selector(terminate, sender=payer.address) == "211a40c0"


def test_nothing_is_added_after_notice(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    stage.chain.send(stage.provider, stage.fwss.functions.terminateService(data_set.id))
    cids = some_cids(1)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=random_uint())
    assert stage.selector(stage.add_call(data_set.id, cids, blob)) == "211a40c0"


def test_consent_ends_at_once(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    before = stage.account(payer.address)[0]
    forged = encode(["bytes"], [stage.pen.terminate(Account.create(), data_set.id)])
    call = stage.fwss.functions.terminateService(data_set.id, forged)
    assert stage.selector(call) == "42d750dc"

    signed = encode(["bytes"], [stage.pen.terminate(payer, data_set.id)])
    receipt = stage.chain.send(
        stage.provider, stage.fwss.functions.terminateService(data_set.id, signed)
    )
    assert _end_epoch(stage, data_set) == receipt["blockNumber"]
    (service,) = logs_of(stage.fwss, "ServiceTerminated", receipt)
    assert service["approver"] == payer.address
    rail_id = service["pdpRailId"]
    stage.chain.send(payer, stage.pay.functions.settleRail(rail_id, receipt["blockNumber"]))
    funds, lockup, rate, _ = stage.account(payer.address)
    assert before - funds >= usdfc("0.00112")
    assert (lockup, rate) == (0, 0)
    assert stage.selector(stage.pay.functions.getRail(rail_id))


def test_provider_deletes_the_set_when_it_has_ended(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    delete = stage.pdp.functions.deleteDataSet(data_set.id, b"")
    assert stage.selector(delete)
    signed = encode(["bytes"], [stage.pen.terminate(payer, data_set.id)])
    stage.chain.send(stage.provider, stage.fwss.functions.terminateService(data_set.id, signed))
    stage.mine(1)
    receipt = stage.chain.send(stage.provider, delete)
    assert logs_of(stage.pdp, "DataSetDeleted", receipt)[0]["setId"] == data_set.id
    read = stage.chain.read
    assert read(stage.pdp.functions.dataSetLive(data_set.id)) is False
    assert read(stage.view.functions.clientDataSets(payer.address)) == []
    assert read(stage.view.functions.getDataSet(data_set.id))[0] == 0
    used = stage.view.functions.clientNonces(payer.address, data_set.client_id)
    assert read(used) == data_set.id
