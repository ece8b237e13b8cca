"""Sending transactions of our own: signed here, sent once, followed to their receipt.

Several processes may send as the same wallet. Each takes the next free number (nonce), and the
chain lets one transaction have it. The others see that it went to somebody else, and only then,
when their own can never land any more, sign anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Final, cast

from eth_account.types import TransactionDictType
from eth_typing import HexStr
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import TransactionNotFound, Web3RPCError
from web3.types import Nonce, TxParams, TxReceipt

from vibesflow.errors import InsufficientFunds, NotConfirmedYet, TransactionFailed
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.reverts import FUNDS_PAUSE_S
from vibesflow.filecoin.rpc import Rpc

_log = logging.getLogger(__name__)

RECEIPT_S: Final = 300.0
"""How long a receipt is waited for; with epochs of 30 s it takes one to a few minutes."""

POLL_S: Final = 1.0

REPLACED_S: Final = 30.0
"""How long a receipt may be missing after the transaction's number was used: one epoch, by which
an endpoint that lags behind has seen it."""

TRIES: Final = 4
"""How often a number may go to somebody else before a call is given up."""

_GAS_PERCENT: Final = 150
"""The estimate is made for the state of now; the next block may have more to settle."""

_NO_GAS: Final = ("insufficient funds", "not enough funds", "gas required exceeds allowance")
_KNOWN: Final = ("already known", "already in mpool", "already imported")
_NUMBER_TAKEN: Final = (
    "nonce too low",
    "minimum expected nonce",
    "nonce already exists",
    "replacement transaction",
    "replace by fee",
)
"""What nodes of different makes write."""

_Web3 = AsyncWeb3[AsyncHTTPProvider]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that landed and succeeded.

    Attributes:
        tx_hash: with 0x.
        block_number: the block, or epoch, that has it.
    """

    tx_hash: str
    block_number: int


@dataclass(frozen=True, slots=True)
class _Signed:
    """``number`` is the account's nonce that it would use up."""

    raw: bytes
    tx_hash: str
    number: int


class Transactions:
    """Sends transactions of one account, one at a time; a process needs one for each account.

    Args:
        rpc: endpoints of the chain.
        signer: the account; it pays the gas in FIL.
        chain_id: the chain, part of every signature.
        receipt_s: how long a receipt is waited for, in seconds.
        poll_s: pause between two looks, in seconds.
        replaced_s: how long a receipt may be missing, in seconds, after the number was used.
    """

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer,
        chain_id: int,
        *,
        receipt_s: float = RECEIPT_S,
        poll_s: float = POLL_S,
        replaced_s: float = REPLACED_S,
    ) -> None:
        self._rpc = rpc
        self.signer = signer
        self._chain_id = chain_id
        self._receipt_s = receipt_s
        self._poll_s = poll_s
        self._replaced_s = replaced_s
        self._lock = asyncio.Lock()

    async def send(self, contract: str, data: bytes, *, doing: str, value: int = 0) -> Receipt:
        """Send a contract call and return once it has landed.

        It is tried without sending first, so what would fail costs nothing. When another process
        took its place it is tried and signed anew, as the chain stands then.

        Args:
            contract: whom to call.
            data: call data.
            doing: what for, in the words of an error.
            value: attoFIL to send along.

        Raises:
            ContractReverted: it would fail; nothing was sent.
            InsufficientFunds: money or gas is missing; nothing was sent.
            ApprovalMissing: as the contract says; nothing was sent.
            TransactionFailed: it landed and failed, or others took its place time after time.
            NotConfirmedYet: it was sent, and no block has it in time.
            ChainDown: no endpoint answers; if the message says so, it may have been sent.
        """
        async with self._lock:
            for _ in range(TRIES):
                signed = await self._signed(contract, data, value, doing)
                await self._broadcast(signed, doing)
                if receipt := await self._landed(signed, doing):
                    return receipt
                _log.warning("%s: %s was overtaken and is sent anew", doing, signed.tx_hash)
        raise TransactionFailed(f"{doing}: another transaction took its place {TRIES} times")

    async def settle(self) -> None:
        """Return once no transaction of the account is under way.

        Raises:
            NotConfirmedYet: one still is after the time for a receipt.
        """
        deadline_s = time.monotonic() + self._receipt_s
        while await self._rpc.ask("pending transactions", self._under_way):
            if time.monotonic() > deadline_s:
                raise NotConfirmedYet(
                    f"an earlier transaction of {self.signer.address} has no receipt yet",
                    retry_after_s=FUNDS_PAUSE_S,
                )
            await asyncio.sleep(self._poll_s)

    async def _landed(self, signed: _Signed, doing: str) -> Receipt | None:
        """Wait for the receipt; None if another transaction has the number for good."""
        deadline_s = time.monotonic() + self._receipt_s
        used_since_s: float | None = None
        while True:
            used = await self._rpc.ask("number of transactions", self._used)
            found = await self._rpc.ask(
                f"receipt: {doing}", lambda web3: _receipt(web3, signed.tx_hash)
            )
            if found is not None:
                return _succeeded(found, signed.tx_hash, doing)
            now_s = time.monotonic()
            if used <= signed.number:
                used_since_s = None
            elif used_since_s is None:
                used_since_s = now_s
            elif now_s - used_since_s >= self._replaced_s:
                return None
            if now_s > deadline_s:
                raise NotConfirmedYet(
                    f"{doing}: {signed.tx_hash} has no receipt yet", retry_after_s=FUNDS_PAUSE_S
                )
            await asyncio.sleep(self._poll_s)

    async def _broadcast(self, signed: _Signed, doing: str) -> None:
        await self._rpc.ask(f"send: {doing}", lambda web3: _broadcast(web3, signed))

    async def _signed(self, contract: str, data: bytes, value: int, doing: str) -> _Signed:
        async def prepare(web3: _Web3) -> tuple[TransactionDictType, int]:
            return await self._filled(web3, contract, data, value, doing)

        filled, number = await self._rpc.ask(doing, prepare)
        raw = self.signer.sign_transaction(filled)
        return _Signed(raw, str(AsyncWeb3.keccak(raw).to_0x_hex()), number)

    async def _filled(
        self, web3: _Web3, contract: str, data: bytes, value: int, doing: str
    ) -> tuple[TransactionDictType, int]:
        sender = to_checksum_address(self.signer.address)
        call: TxParams = {
            "from": sender,
            "to": to_checksum_address(contract),
            "data": HexBytes(data),
            "value": AsyncWeb3.to_wei(value, "wei"),
        }
        gas = await _estimated(web3, call, doing)
        number: Nonce = await web3.eth.get_transaction_count(sender, "pending")
        tip, head = await web3.eth.max_priority_fee, await web3.eth.get_block("latest")
        params: TxParams = {
            "to": call["to"],
            "data": call["data"],
            "value": call["value"],
            "chainId": self._chain_id,
            "nonce": number,
            "gas": gas * _GAS_PERCENT // 100,
            "maxFeePerGas": AsyncWeb3.to_wei(2 * head["baseFeePerGas"] + tip, "wei"),
            "maxPriorityFeePerGas": tip,
            "type": HexStr("0x2"),
        }
        return cast("TransactionDictType", params), int(number)

    async def _under_way(self, web3: _Web3) -> bool:
        sender = to_checksum_address(self.signer.address)
        pending: Nonce = await web3.eth.get_transaction_count(sender, "pending")
        return pending > await self._used(web3)

    async def _used(self, web3: _Web3) -> int:
        sender = to_checksum_address(self.signer.address)
        return int(await web3.eth.get_transaction_count(sender, "latest"))


async def _estimated(web3: _Web3, call: TxParams, doing: str) -> int:
    try:
        return int(await web3.eth.estimate_gas(call))
    except Web3RPCError as error:
        if _says(error, *_NO_GAS):
            raise _no_gas(doing) from error
        raise


async def _broadcast(web3: _Web3, signed: _Signed) -> None:
    """Hand it to a node. That its number is taken is no fault: it may be taken by itself."""
    try:
        await web3.eth.send_raw_transaction(HexBytes(signed.raw))
    except Web3RPCError as error:
        if _says(error, *_KNOWN, *_NUMBER_TAKEN):
            return
        if _says(error, *_NO_GAS):
            raise _no_gas(signed.tx_hash) from error
        raise


async def _receipt(web3: _Web3, tx_hash: str) -> TxReceipt | None:
    try:
        return await web3.eth.get_transaction_receipt(HexBytes(tx_hash))
    except TransactionNotFound:
        return None


def _succeeded(found: TxReceipt, tx_hash: str, doing: str) -> Receipt:
    if found["status"] != 1:
        raise TransactionFailed(f"{doing}: {tx_hash} failed")
    return Receipt(tx_hash, int(found["blockNumber"]))


def _no_gas(doing: str) -> InsufficientFunds:
    return InsufficientFunds(
        f"{doing}: the wallet holds too little FIL for gas", retry_after_s=FUNDS_PAUSE_S
    )


def _says(error: Exception, *words: str) -> bool:
    return any(word in str(error).lower() for word in words)
