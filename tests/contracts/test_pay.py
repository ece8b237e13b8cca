"""Filecoin Pay: deposits, withdrawals, approvals and the arithmetic of lockup."""

from __future__ import annotations

import time

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from devnet.chain.funding import WITHOUT_LIMIT
from tests.contracts.stage import USDFC, Stage, logs_of

OPERATOR_KEY = b"\x07" * 32


@pytest.fixture
def operator(stage: Stage) -> LocalAccount:
    """Somebody who runs rails of his own."""
    account: LocalAccount = Account.from_key(OPERATOR_KEY)
    stage.fil_for(account.address)
    return account


def _approve(stage: Stage, payer: LocalAccount, operator: LocalAccount) -> None:
    call = stage.pay.functions.setOperatorApproval(
        stage.places.usdfc, operator.address, True, WITHOUT_LIMIT, WITHOUT_LIMIT, 100
    )
    stage.chain.send(payer, call)


def _open_rail(
    stage: Stage,
    payer: LocalAccount,
    operator: LocalAccount,
    *,
    fixed: int,
    rate: int,
    period: int = 0,
) -> tuple[int, int]:
    """Returns the rail and the epoch in which its rate began."""
    _approve(stage, payer, operator)
    create = stage.pay.functions.createRail(
        stage.places.usdfc, payer.address, stage.payee, "0x" + "00" * 20, 0, operator.address
    )
    receipt = stage.chain.send(operator, create)
    rail_id = logs_of(stage.pay, "RailCreated", receipt)[0]["railId"]
    stage.chain.send(operator, stage.pay.functions.modifyRailLockup(rail_id, period, fixed))
    begun = stage.chain.send(operator, stage.pay.functions.modifyRailPayment(rail_id, rate, 0))
    return rail_id, int(begun["blockNumber"])


@pytest.mark.parametrize(
    ("funds", "rate", "available", "runway", "debt"),
    [
        (10 * USDFC, 10**12, 7_996_000_000_000_000_000, 7_996_000, 0),
        (3 * USDFC, 10**15, 0, 0, 3 * USDFC),
    ],
)
def test_account_after_four_thousand_epochs(
    stage: Stage,
    operator: LocalAccount,
    funds: int,
    rate: int,
    available: int,
    runway: int,
    debt: int,
) -> None:
    payer = stage.new_payer(funds)
    _, begun = _open_rail(stage, payer, operator, fixed=2 * USDFC, rate=rate)
    assert stage.account(payer.address) == (funds, 2 * USDFC, rate, begun)
    stage.mine(4_000)
    info = stage.pay.functions.getAccountInfoIfSettled(stage.places.usdfc, payer.address)
    until, current, free, current_rate = stage.chain.read(info)
    assert (current, free, current_rate) == (funds, available, rate)
    assert max(0, until - stage.epoch) == runway
    assert max(0, 2 * USDFC + rate * 4_000 - funds) == debt


def test_debt_is_not_lent(stage: Stage, operator: LocalAccount) -> None:
    payer = stage.new_payer(3 * USDFC)
    rail_id, begun = _open_rail(stage, payer, operator, fixed=2 * USDFC, rate=10**17)
    stage.mine(20)
    settle = stage.pay.functions.settleRail(rail_id, stage.epoch)
    total, net, commission, fee, settled_up_to, _ = stage.chain.read(settle)
    assert (total, settled_up_to) == (USDFC, begun + 10)
    assert (net, commission, fee) == (USDFC * 199 // 200, 0, USDFC // 200)
    raise_rate = stage.pay.functions.modifyRailPayment(rail_id, 10**17 + 1, 0)
    assert stage.selector(raise_rate, sender=operator.address)
    lock_more = stage.pay.functions.modifyRailLockup(rail_id, 0, 3 * USDFC)
    assert stage.selector(lock_more, sender=operator.address) == "249e1b0e"


def test_one_can_withdraw_what_is_not_locked(stage: Stage, operator: LocalAccount) -> None:
    payer = stage.new_payer(10 * USDFC)
    _open_rail(stage, payer, operator, fixed=4 * USDFC, rate=0)
    withdraw = stage.pay.functions.withdraw
    too_much = withdraw(stage.places.usdfc, 6 * USDFC + 1)
    assert stage.selector(too_much, sender=payer.address) == "e610210c"
    stage.chain.send(payer, withdraw(stage.places.usdfc, 5 * USDFC))
    friend = Account.create().address
    stage.chain.send(payer, stage.pay.functions.withdrawTo(stage.places.usdfc, friend, USDFC))
    balance = stage.usdfc.functions.balanceOf
    assert stage.chain.read(balance(payer.address)) == 5 * USDFC
    assert stage.chain.read(balance(friend)) == USDFC
    assert stage.available(payer.address) == 0


def test_deposit_for_somebody_else(stage: Stage, payer: LocalAccount) -> None:
    friend = Account.create().address
    stage.chain.send(payer, stage.usdfc.functions.mint(payer.address, 3 * USDFC))
    stage.chain.send(payer, stage.usdfc.functions.approve(stage.places.pay, 3 * USDFC))
    deposit = stage.pay.functions.deposit(stage.places.usdfc, friend, 3 * USDFC)
    receipt = stage.chain.send(payer, deposit)
    (event,) = logs_of(stage.pay, "DepositRecorded", receipt)
    assert dict(event) == {
        "token": stage.places.usdfc,
        "from": payer.address,
        "to": friend,
        "amount": 3 * USDFC,
    }
    assert stage.account(friend)[0] == 3 * USDFC


def test_permit_must_be_ones_own(stage: Stage, payer: LocalAccount) -> None:
    deposit = stage.pay.functions.depositWithPermit(
        stage.places.usdfc, stage.payee, 1, int(time.time()) + 60, 27, b"\1" * 32, b"\2" * 32
    )
    assert stage.selector(deposit, sender=payer.address)


def test_approval_grows(stage: Stage, operator: LocalAccount) -> None:
    payer = stage.new_payer(USDFC)
    token = stage.places.usdfc
    more = stage.pay.functions.increaseOperatorApproval(token, operator.address, 1, 2)
    assert stage.selector(more, sender=payer.address) == "eef23db6"
    approve = stage.pay.functions.setOperatorApproval(token, operator.address, True, 10, 20, 30)
    receipt = stage.chain.send(payer, approve)
    (event,) = logs_of(stage.pay, "OperatorApprovalUpdated", receipt)
    assert (event["rateAllowance"], event["lockupAllowance"], event["approved"]) == (10, 20, True)
    stage.chain.send(payer, more)
    approval = stage.pay.functions.operatorApprovals(token, payer.address, operator.address)
    assert stage.chain.read(approval) == [True, 11, 22, 0, 0, 30]


def test_one_time_payments_use_up_the_lockup_allowance(
    stage: Stage, operator: LocalAccount
) -> None:
    payer = stage.new_payer(10 * USDFC)
    rail_id, _ = _open_rail(stage, payer, operator, fixed=2 * USDFC, rate=0)
    pay_once = stage.pay.functions.modifyRailPayment(rail_id, 0, USDFC)
    stage.chain.send(operator, pay_once)
    approval = stage.pay.functions.operatorApprovals(
        stage.places.usdfc, payer.address, operator.address
    )
    _, _, lockup_allowance, _, lockup_usage, _ = stage.chain.read(approval)
    assert (lockup_allowance, lockup_usage) == (WITHOUT_LIMIT - USDFC, USDFC)
    too_much = stage.pay.functions.modifyRailPayment(rail_id, 0, 2 * USDFC)
    assert stage.selector(too_much, sender=operator.address)


def test_rails_of_a_payer(stage: Stage, operator: LocalAccount) -> None:
    payer = stage.new_payer(10 * USDFC)
    rails = [_open_rail(stage, payer, operator, fixed=1, rate=1)[0] for _ in range(3)]
    stage.chain.send(payer, stage.pay.functions.terminateRail(rails[1]))
    end = stage.epoch
    page = stage.pay.functions.getRailsForPayerAndToken
    infos, following, total = stage.chain.read(page(payer.address, stage.places.usdfc, 0, 2))
    assert (following, total) == (2, 3)
    assert infos == [(rails[0], False, 0), (rails[1], True, end)]
    infos, following, total = stage.chain.read(page(payer.address, stage.places.usdfc, 2, 2))
    assert (infos, following, total) == ([(rails[2], False, 0)], 3, 3)


def test_notice_keeps_paying_to_the_end_of_the_lockup(stage: Stage, operator: LocalAccount) -> None:
    payer = stage.new_payer(10 * USDFC)
    rail_id, begun = _open_rail(stage, payer, operator, fixed=1, rate=1_000, period=50)
    assert stage.account(payer.address)[1] == 50_001
    receipt = stage.chain.send(payer, stage.pay.functions.terminateRail(rail_id))
    assert stage.account(payer.address)[2] == 0
    stage.mine(60)
    before = stage.account(stage.payee)[0]
    settle = stage.pay.functions.settleRail(rail_id, stage.epoch)
    settled = stage.chain.send(stage.provider, settle)
    (paid,) = logs_of(stage.pay, "RailSettled", settled)
    total = 1_000 * (receipt["blockNumber"] + 50 - begun)
    assert paid["totalSettledAmount"] == total
    assert stage.account(stage.payee)[0] - before == total - -(-total // 200)
    assert logs_of(stage.pay, "RailFinalized", settled)
    assert stage.account(payer.address)[:3] == (10 * USDFC - total, 0, 0)
    approval = stage.pay.functions.operatorApprovals(
        stage.places.usdfc, payer.address, operator.address
    )
    assert stage.chain.read(approval)[3:5] == [0, 0]


def test_strangers_cannot_touch_a_rail(stage: Stage, operator: LocalAccount) -> None:
    payer = stage.new_payer(10 * USDFC)
    rail_id, _ = _open_rail(stage, payer, operator, fixed=1, rate=1)
    functions = stage.pay.functions
    for call in (
        functions.modifyRailPayment(rail_id, 2, 0),
        functions.modifyRailLockup(rail_id, 0, 0),
        functions.terminateRail(rail_id),
        functions.settleRail(rail_id, 10**9),
    ):
        assert stage.selector(call, sender=stage.provider.address)


def test_deposit_with_permit(stage: Stage) -> None:
    payer = stage.new_payer(0)
    stage.chain.send(payer, stage.usdfc.functions.mint(payer.address, USDFC))
    deadline = int(time.time()) + 600
    signed = payer.sign_message(encode_typed_data(*_permit(stage, payer, USDFC, deadline)))
    r, s = signed.r.to_bytes(32), signed.s.to_bytes(32)
    deposit = stage.pay.functions.depositWithPermit(
        stage.places.usdfc, payer.address, USDFC, deadline, signed.v, r, s
    )
    stage.chain.send(payer, deposit)
    assert stage.available(payer.address) == USDFC
    assert stage.selector(deposit, sender=payer.address)


def _permit(
    stage: Stage, payer: LocalAccount, value: int, deadline: int
) -> tuple[dict, dict, dict]:
    domain = {
        "name": "USDFC",
        "version": "1",
        "chainId": stage.chain.web3.eth.chain_id,
        "verifyingContract": stage.places.usdfc,
    }
    words = ("owner", "spender", "value", "nonce", "deadline")
    kinds = ("address", "address", "uint256", "uint256", "uint256")
    types = {"Permit": [{"name": n, "type": k} for n, k in zip(words, kinds, strict=True)]}
    nonce = stage.chain.read(stage.usdfc.functions.nonces(payer.address))
    values = (payer.address, stage.places.pay, value, nonce, deadline)
    return domain, types, dict(zip(words, values, strict=True))
