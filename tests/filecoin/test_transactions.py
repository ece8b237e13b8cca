"""Transactions of our own on a real node: sent once, followed to the receipt."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import AsyncHTTPProvider, AsyncWeb3

from devnet.chain import rpc as node_rpc
from devnet.chain.contracts import addresses
from devnet.chain.deploy import deploy
from devnet.chain.funding import endow
from devnet.chain.node import ChainNode
from devnet.chain.transactions import Chain
from tests.filecoin.front import Forward, front
from tests.filecoin.small_server import HANG_UP, Reply, Request
from vibesflow.errors import (
    ContractReverted,
    InsufficientFunds,
    NotConfirmedYet,
    TransactionFailed,
)
from vibesflow.filecoin import Signer
from vibesflow.filecoin.abi import Function
from vibesflow.filecoin.payments.contracts import BALANCE_OF
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.transactions import TRIES, Transactions, _broadcast, _Signed

CHAIN_ID = 31_415_926
TRANSFER = Function("transfer", ("address", "uint256"), ("bool",))
ALWAYS_REVERTS = "0x60006000fd"
NOBODY = "0x" + "77" * 20
USDFC = addresses().usdfc


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainNode]:
    folder: Path = tmp_path_factory.mktemp("transactions")
    with ChainNode(log=folder / "node.log") as started:
        deploy(started.rpc_url, [], folder / "devnet.json", users=[])
        yield started


@pytest.fixture
def account(node: ChainNode) -> LocalAccount:
    made: LocalAccount = Account.from_key(secrets.token_bytes(32))
    endow(Chain(node.rpc_url), addresses(), made.address, 100)
    return made


@pytest.fixture
async def rpc(node: ChainNode) -> AsyncIterator[Rpc]:
    opened = Rpc((node.rpc_url,), CHAIN_ID)
    yield opened
    await opened.close()


def sender(rpc: Rpc, account: LocalAccount, **limits: float) -> Transactions:
    return Transactions(rpc, Signer(bytes(account.key)), CHAIN_ID, **limits)


async def tell(node: ChainNode, method: str, *params: object) -> object:
    return await asyncio.to_thread(node_rpc.call, node.rpc_url, method, *params)


@pytest.fixture
async def held_back(node: ChainNode, account: LocalAccount) -> AsyncIterator[None]:
    """No block comes unless it is asked for."""
    await tell(node, "evm_setAutomine", False)
    yield
    await tell(node, "evm_mine")
    await tell(node, "evm_setAutomine", True)


async def test_a_call_lands(rpc: Rpc, account: LocalAccount) -> None:
    receipt = await sender(rpc, account).send(USDFC, TRANSFER.encode(NOBODY, 1), doing="pay")
    assert receipt.block_number > 0
    (left,) = BALANCE_OF.decode(await rpc.call(USDFC, BALANCE_OF.encode(account.address)))
    assert left == 99


async def test_what_would_fail_is_not_sent(rpc: Rpc, account: LocalAccount) -> None:
    sending = sender(rpc, account)
    with pytest.raises(InsufficientFunds, match=r"needed=101\): the wallet holds too little USDFC"):
        await sending.send(USDFC, TRANSFER.encode(NOBODY, 101), doing="pay")
    with pytest.raises(ContractReverted):
        await sending.send(USDFC, TRANSFER.encode("0x" + "00" * 20, 1), doing="pay")
    assert await sending.send(USDFC, TRANSFER.encode(NOBODY, 1), doing="pay")


async def test_many_at_once_follow_each_other(rpc: Rpc, account: LocalAccount) -> None:
    sending = sender(rpc, account)
    calls = (sending.send(USDFC, TRANSFER.encode(NOBODY, 1), doing="pay") for _ in range(4))
    assert len({receipt.tx_hash for receipt in await asyncio.gather(*calls)}) == 4


@pytest.mark.usefixtures("held_back")
async def test_one_that_lands_and_fails_is_told(
    node: ChainNode, rpc: Rpc, account: LocalAccount
) -> None:
    target = await tell(node, "eth_getCode", USDFC, "latest")
    sending = sender(rpc, account, poll_s=0.05)
    task = asyncio.create_task(sending.send(USDFC, TRANSFER.encode(NOBODY, 1), doing="pay"))
    while not task.done() and not await rpc.ask("pending", sending._under_way):
        await asyncio.sleep(0.02)
    await tell(node, "anvil_setCode", USDFC, ALWAYS_REVERTS)
    try:
        await tell(node, "evm_mine")
        with pytest.raises(TransactionFailed, match=r"pay: 0x[0-9a-f]{64} failed"):
            await task
    finally:
        await tell(node, "anvil_setCode", USDFC, target)


@pytest.mark.usefixtures("held_back")
async def test_one_without_a_receipt_in_time(rpc: Rpc, account: LocalAccount) -> None:
    sending = sender(rpc, account, receipt_s=0.1, poll_s=0.05)
    with pytest.raises(NotConfirmedYet, match="has no receipt yet"):
        await sending.send(USDFC, TRANSFER.encode(NOBODY, 1), doing="pay")
    with pytest.raises(NotConfirmedYet, match="an earlier transaction"):
        await sending.settle()


async def test_the_same_bytes_may_reach_a_node_twice(
    node: ChainNode, rpc: Rpc, account: LocalAccount
) -> None:
    signed = await sender(rpc, account)._signed(USDFC, TRANSFER.encode(NOBODY, 1), 0, "pay")
    await tell(node, "evm_setAutomine", False)
    for _ in range(2):
        await rpc.ask("send", lambda web3: _broadcast(web3, signed))
    await tell(node, "evm_setAutomine", True)
    await tell(node, "evm_mine")
    await rpc.ask("send", lambda web3: _broadcast(web3, signed))
    assert await left_of(rpc, account) == 99


async def left_of(rpc: Rpc, account: LocalAccount) -> int:
    (left,) = BALANCE_OF.decode(await rpc.call(USDFC, BALANCE_OF.encode(account.address)))
    return int(left)


async def test_processes_that_send_at_once_all_land_once(rpc: Rpc, account: LocalAccount) -> None:
    processes = [sender(rpc, account, poll_s=0.05, replaced_s=0.2) for _ in range(3)]
    receipts = await asyncio.gather(
        *(
            each.send(USDFC, TRANSFER.encode(NOBODY, 1 + n), doing="pay")
            for n, each in enumerate(processes)
        )
    )
    assert len({receipt.tx_hash for receipt in receipts}) == 3
    assert await left_of(rpc, account) == 100 - (1 + 2 + 3)


async def test_a_number_that_another_process_took_is_passed_over(
    rpc: Rpc, account: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process sends between our signature and our sending."""
    sending = sender(rpc, account, poll_s=0.05, replaced_s=0.2)
    broadcast = sending._broadcast

    async def overtaken(signed: _Signed, doing: str) -> None:
        monkeypatch.setattr(sending, "_broadcast", broadcast)
        await sender(rpc, account).send(USDFC, TRANSFER.encode(NOBODY, 2), doing="pay")
        await broadcast(signed, doing)

    monkeypatch.setattr(sending, "_broadcast", overtaken)
    await sending.send(USDFC, TRANSFER.encode(NOBODY, 5), doing="pay")
    assert await left_of(rpc, account) == 100 - 2 - 5


@pytest.mark.usefixtures("held_back")
async def test_one_that_waits_is_replaced_and_sent_anew(
    node: ChainNode, rpc: Rpc, account: LocalAccount
) -> None:
    """It was accepted, and another one with a better fee took its place before a block came."""
    sending = sender(rpc, account, poll_s=0.05, replaced_s=0.2)
    task = asyncio.create_task(sending.send(USDFC, TRANSFER.encode(NOBODY, 5), doing="pay"))
    while not await rpc.ask("pending", sending._under_way):
        await asyncio.sleep(0.02)
    await rpc.ask("replace", lambda web3: replace(web3, account))
    await tell(node, "evm_setAutomine", True)
    await tell(node, "evm_mine")
    await task
    assert await left_of(rpc, account) == 100 - 7 - 5


async def replace(web3: AsyncWeb3[AsyncHTTPProvider], account: LocalAccount) -> None:
    """Pay 7 to nobody, with the number of the transaction that waits and ten times its fee."""
    number = await web3.eth.get_transaction_count(account.address, "latest")
    signed = account.sign_transaction(
        {
            "to": USDFC,
            "data": TRANSFER.encode(NOBODY, 7),
            "value": 0,
            "chainId": CHAIN_ID,
            "nonce": number,
            "gas": 200_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**11,
            "type": 2,
        }
    )
    await web3.eth.send_raw_transaction(signed.raw_transaction)


async def test_an_answer_that_got_lost_does_not_send_twice(
    node: ChainNode, account: LocalAccount
) -> None:
    """The first endpoint takes it and falls silent; the next one says that its number is used."""

    async def lose_the_answer(request: Request, forward: Forward) -> Reply:
        answer = await forward(request)
        return HANG_UP if b"eth_sendRawTransaction" in request.body else answer

    async with front() as lossy:
        lossy.behind, lossy.disturb = node.rpc_url, lose_the_answer
        rpc = Rpc((lossy.url, node.rpc_url), CHAIN_ID)
        await sender(rpc, account, replaced_s=0).send(
            USDFC, TRANSFER.encode(NOBODY, 5), doing="pay"
        )
        assert sum(b"sendRaw" in request.body for request in lossy.server.seen) == 1
        assert await left_of(rpc, account) == 100 - 5
        await rpc.close()


async def test_a_place_that_is_always_taken_is_given_up(
    rpc: Rpc, account: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = sender(rpc, account, poll_s=0.01, replaced_s=0.01)
    broadcast = sending._broadcast

    async def overtaken(signed: _Signed, doing: str) -> None:
        await sender(rpc, account).send(USDFC, TRANSFER.encode(NOBODY, 2), doing="pay")
        await broadcast(signed, doing)

    monkeypatch.setattr(sending, "_broadcast", overtaken)
    with pytest.raises(TransactionFailed, match=f"took its place {TRIES} times"):
        await sending.send(USDFC, TRANSFER.encode(NOBODY, 5), doing="pay")
    assert await left_of(rpc, account) == 100 - 2 * TRIES
