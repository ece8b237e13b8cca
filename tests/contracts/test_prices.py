"""What storage costs: the list, the rate, the fees and when they are paid."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.contract.contract import ContractFunction

from devnet.chain.funding import WITHOUT_LIMIT
from tests.contracts.stage import (
    CLEANUP_DEPOSIT,
    USDFC,
    DataSet,
    Stage,
    logs_of,
    random_uint,
    some_cids,
)

EPOCHS_PER_MONTH = 86_400
DATA_SET_FEE_PER_EPOCH = 24 * USDFC // 1000 // EPOCHS_PER_MONTH
RESERVE = USDFC // 10
CREATE_FEE = 25 * USDFC // 1000


def usdfc(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * USDFC + int(part.ljust(18, "0"))


def rate_of(leaves: int) -> int:
    payload = leaves * 32 * 127 // 128
    storage = payload * 5 * USDFC // 2 // (2**40 * EPOCHS_PER_MONTH)
    return storage + DATA_SET_FEE_PER_EPOCH


def add_fee(pieces: int) -> int:
    return usdfc("0.0005") + pieces * usdfc("0.0003")


def _rail(stage: Stage, data_set: DataSet) -> tuple:
    view = stage.chain.read(stage.view.functions.getDataSet(data_set.id))
    return stage.chain.read(stage.pay.functions.getRail(view[0]))


def _pending_and_reserve(stage: Stage, data_set: DataSet) -> tuple[int, int]:
    view = stage.chain.read(stage.view.functions.getDataSet(data_set.id))
    return view[10], view[11]


def test_price_list(stage: Stage) -> None:
    token, rates, fees, lockups = stage.chain.read(stage.view.functions.getPriceList())
    assert token == stage.places.usdfc
    assert rates == tuple(map(usdfc, ("2.5", "0.024", "7", "7")))
    assert fees == tuple(map(usdfc, ("0.025", "0.0005", "0.0003", "0.002", "0.00112")))
    reserve, threshold, period, cdn, cache_miss, cdn_period = lockups
    assert (reserve, threshold) == (usdfc("0.1"), usdfc("0.005"))
    assert (cdn, cache_miss) == (usdfc("0.7"), usdfc("0.3"))
    assert (period, cdn_period) == (86_400, 14_400)


def test_older_clients_get_the_same_prices(stage: Stage) -> None:
    storage, cdn, cache_miss, token, epochs, data_set_fee = stage.chain.read(
        stage.fwss.functions.getServicePrice()
    )
    assert (storage, data_set_fee) == (usdfc("2.5"), usdfc("0.024"))
    assert (cdn, cache_miss) == (usdfc("7"), usdfc("7"))
    assert (token, epochs) == (stage.places.usdfc, EPOCHS_PER_MONTH)


def test_one_quad_costs_what_the_public_formula_says(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1, size=127))
    assert _rail(stage, data_set)[5] == 277_777_781_119


def test_rate_follows_the_whole_set(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1, size=200_000))
    leaves = stage.pdp.functions.getDataSetLeafCount(data_set.id)
    assert _rail(stage, data_set)[5] == rate_of(stage.chain.read(leaves))
    stage.add(payer, data_set, some_cids(2, size=10_000))
    assert _rail(stage, data_set)[5] == rate_of(stage.chain.read(leaves))
    stage.remove(payer, data_set, [0, 1])
    assert _rail(stage, data_set)[5] == rate_of(stage.chain.read(leaves))
    stage.remove(payer, data_set, [2])
    assert _rail(stage, data_set)[5] == 0


def test_fees_come_out_of_the_reserve(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(3))
    left = RESERVE - CREATE_FEE - add_fee(3)
    assert _pending_and_reserve(stage, data_set) == (0, left)
    assert _rail(stage, data_set)[7] == left
    funds, lockup, rate, _ = stage.account(payer.address)
    assert funds == 100 * USDFC - CREATE_FEE - add_fee(3)
    assert lockup == left + rate * EPOCHS_PER_MONTH
    stage.remove(payer, data_set, [0])
    assert _pending_and_reserve(stage, data_set) == (0, left - usdfc("0.002"))


def test_create_fee_waits_for_the_first_pieces(stage: Stage, payer: LocalAccount) -> None:
    blob = stage.create_blob(payer, client_id=random_uint())
    call = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    receipt = stage.chain.send(stage.provider, call, CLEANUP_DEPOSIT)
    (created,) = logs_of(stage.pdp, "DataSetCreated", receipt)
    data_set = DataSet(created["setId"], 0, receipt)
    assert _pending_and_reserve(stage, data_set) == (CREATE_FEE, RESERVE)
    assert stage.account(payer.address)[:3] == (100 * USDFC, RESERVE, 0)


def test_payee_gets_the_fee_less_half_a_percent(stage: Stage, payer: LocalAccount) -> None:
    before = stage.account(stage.payee)[0]
    stage.create_and_add(payer, some_cids(1))
    fee = CREATE_FEE + add_fee(1)
    assert stage.account(stage.payee)[0] - before == fee - fee // 200


def test_reserve_is_filled_up_before_it_runs_dry(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(40))
    while _pending_and_reserve(stage, data_set)[1] >= add_fee(40) + usdfc("0.005"):
        stage.add(payer, data_set, some_cids(40))
    receipt = stage.add(payer, data_set, some_cids(40))
    assert logs_of(stage.pay, "RailLockupModified", receipt)
    assert _pending_and_reserve(stage, data_set) == (0, RESERVE)


def test_cdn_opens_two_more_rails(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1), metadata=(("withCDN", ""),))
    view = stage.chain.read(stage.view.functions.getDataSet(data_set.id))
    cache_miss = stage.chain.read(stage.pay.functions.getRail(view[1]))
    cdn = stage.chain.read(stage.pay.functions.getRail(view[2]))
    assert (cache_miss[7], cdn[7]) == (usdfc("0.3"), usdfc("0.7"))
    assert (cache_miss[6], cdn[6]) == (14_400, 14_400)
    assert cache_miss[2] == stage.payee
    beneficiary = stage.fwss.functions.filBeamBeneficiaryAddress()
    assert cdn[2] == stage.chain.read(beneficiary)


def _creation(stage: Stage, payer: LocalAccount, *, cdn: bool = False) -> ContractFunction:
    metadata = (("withCDN", ""),) if cdn else ()
    blob = stage.create_blob(payer, client_id=random_uint(), metadata=metadata)
    return stage.pdp.functions.createDataSet(stage.places.fwss, blob)


@pytest.mark.parametrize(("cdn", "needed"), [(False, "0.124"), (True, "1.124")])
def test_creation_needs_funds(stage: Stage, cdn: bool, needed: str) -> None:
    poor = stage.new_payer(usdfc(needed) - 1)
    assert stage.selector(_creation(stage, poor, cdn=cdn), value=CLEANUP_DEPOSIT) == "dae03403"
    enough = stage.new_payer(usdfc(needed))
    stage.chain.send(stage.provider, _creation(stage, enough, cdn=cdn), CLEANUP_DEPOSIT)


def test_adding_needs_funds_for_a_month(stage: Stage) -> None:
    payer = stage.new_payer(usdfc("0.124"))
    cids = some_cids(1, size=100_000)
    call = stage.new_set_call(cids, stage.sign_deal(payer, cids).both)
    assert stage.selector(call, value=CLEANUP_DEPOSIT) == "dae03403"


@pytest.mark.parametrize(
    ("approved", "rate", "lockup", "period", "selector"),
    [
        (False, WITHOUT_LIMIT, WITHOUT_LIMIT, EPOCHS_PER_MONTH, "eef23db6"),
        (True, DATA_SET_FEE_PER_EPOCH - 1, WITHOUT_LIMIT, EPOCHS_PER_MONTH, "3a66032e"),
        (True, WITHOUT_LIMIT, usdfc("0.124") - 1, EPOCHS_PER_MONTH, "dfca894c"),
        (True, WITHOUT_LIMIT, WITHOUT_LIMIT, EPOCHS_PER_MONTH - 1, "591b6546"),
    ],
)
def test_creation_needs_approval(
    stage: Stage,
    payer: LocalAccount,
    approved: bool,
    rate: int,
    lockup: int,
    period: int,
    selector: str,
) -> None:
    approve = stage.pay.functions.setOperatorApproval(
        stage.places.usdfc, stage.places.fwss, approved, rate, lockup, period
    )
    stage.chain.send(payer, approve)
    assert stage.selector(_creation(stage, payer), value=CLEANUP_DEPOSIT) == selector


def test_rate_allowance_limits_adding(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    approve = stage.pay.functions.setOperatorApproval(
        stage.places.usdfc,
        stage.places.fwss,
        True,
        _rail(stage, data_set)[5],
        WITHOUT_LIMIT,
        EPOCHS_PER_MONTH,
    )
    stage.chain.send(payer, approve)
    cids = some_cids(1, size=100_000)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=random_uint())
    assert stage.selector(stage.add_call(data_set.id, cids, blob)) == "6c577bf9"


def test_empty_account_cannot_create(stage: Stage) -> None:
    nobody = Account.create()
    assert stage.selector(_creation(stage, nobody), value=CLEANUP_DEPOSIT) == "dae03403"
