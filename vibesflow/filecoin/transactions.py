"""Sending transactions of our own: signed here, sent once, followed to their receipt."""

from __future__ import annotations

import asyncio
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

RECEIPT_S: Final = 300.0
"""How long a receipt is waited for; with epochs of 30 s it takes one to a few minutes."""

POLL_S: Final = 1.0

_GAS_PERCENT: Final = 150
"""The estimate is made for the state of now; the next block may have more to settle."""

_NO_GAS: Final = ("insufficient funds", "not enough funds", "gas required exceeds allowance")
_KNOWN: Final = ("already known", "already in mpool", "already imported")
_NUMBER_TAKEN: Final = ("nonce too low", "underpriced", "minimum expected nonce")
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


class Transactions:
    """Sends transactions of one account, one at a time.

    Args:
        rpc: endpoints of the chain.
        signer: the account; it pays the gas in FIL.
        chain_id: the chain, part of every signature.
        receipt_s: how long a receipt is waited for.
        poll_s: pause between two looks.
    """

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer,
        chain_id: int,
        *,
        receipt_s: float = RECEIPT_S,
        poll_s: float = POLL_S,
    ) -> None:
        self._rpc = rpc
        self._signer = signer
        self._chain_id = chain_id
        self._receipt_s = receipt_s
        self._poll_s = poll_s
        self._lock = asyncio.Lock()

    async def send(self, contract: str, data: bytes, *, doing: str, value: int = 0) -> Receipt:
        """Send a contract call and return once it has landed.

        It is tried without sending first, so what would fail costs nothing.

        Args:
            contract: whom to call.
            data: call data.
            doing: what for, in the words of an error.
            value: attoFIL to send along.

        Raises:
            ContractReverted: it would fail; nothing was sent.
            InsufficientFunds: money or gas is missing; nothing was sent.
            ApprovalMissing: as the contract says; nothing was sent.
            TransactionFailed: it landed and failed, or another one took its place.
            NotConfirmedYet: it was sent, and no block has it in time.
            ChainDown: no endpoint answers; if the message says so, it may have been sent.
        """
        async with self._lock:
            raw, tx_hash = await self._signed(contract, data, value, doing)
            await self._rpc.ask(f"send: {doing}", lambda web3: _broadcast(web3, raw, tx_hash))
            return await self.landed(tx_hash, doing=doing)

    async def settle(self) -> None:
        """Return once no transaction of the account is under way.

        Raises:
            NotConfirmedYet: one still is after the time for a receipt.
        """
        deadline_s = time.monotonic() + self._receipt_s
        while await self._rpc.ask("pending transactions", self._under_way):
            if time.monotonic() > deadline_s:
                raise NotConfirmedYet(
                    f"an earlier transaction of {self._signer.address} has no receipt yet",
                    retry_after_s=FUNDS_PAUSE_S,
                )
            await asyncio.sleep(self._poll_s)

    async def landed(self, tx_hash: str, *, doing: str) -> Receipt:
        """Wait for a receipt; raises as `send` does."""
        deadline_s = time.monotonic() + self._receipt_s
        while True:
            found = await self._rpc.ask(f"receipt: {doing}", lambda web3: _receipt(web3, tx_hash))
            if found is not None:
                return _succeeded(found, tx_hash, doing)
            if time.monotonic() > deadline_s:
                raise NotConfirmedYet(
                    f"{doing}: {tx_hash} has no receipt yet", retry_after_s=FUNDS_PAUSE_S
                )
            await asyncio.sleep(self._poll_s)

    async def _signed(
        self, contract: str, data: bytes, value: int, doing: str
    ) -> tuple[bytes, str]:
        async def prepare(web3: _Web3) -> TransactionDictType:
            return await self._filled(web3, contract, data, value, doing)

        raw = self._signer.sign_transaction(await self._rpc.ask(doing, prepare))
        return raw, str(AsyncWeb3.keccak(raw).to_0x_hex())

    async def _filled(
        self, web3: _Web3, contract: str, data: bytes, value: int, doing: str
    ) -> TransactionDictType:
        sender = to_checksum_address(self._signer.address)
        call: TxParams = {
            "from": sender,
            "to": to_checksum_address(contract),
            "data": HexBytes(data),
            "value": AsyncWeb3.to_wei(value, "wei"),
        }
        gas = await _estimated(web3, call, doing)
        tip, head = await web3.eth.max_priority_fee, await web3.eth.get_block("latest")
        params: TxParams = {
            "to": call["to"],
            "data": call["data"],
            "value": call["value"],
            "chainId": self._chain_id,
            "nonce": await web3.eth.get_transaction_count(sender, "pending"),
            "gas": gas * _GAS_PERCENT // 100,
            "maxFeePerGas": AsyncWeb3.to_wei(2 * head["baseFeePerGas"] + tip, "wei"),
            "maxPriorityFeePerGas": tip,
            "type": HexStr("0x2"),
        }
        return cast("TransactionDictType", params)

    async def _under_way(self, web3: _Web3) -> bool:
        sender = to_checksum_address(self._signer.address)
        pending: Nonce = await web3.eth.get_transaction_count(sender, "pending")
        return pending > await web3.eth.get_transaction_count(sender, "latest")


async def _estimated(web3: _Web3, call: TxParams, doing: str) -> int:
    try:
        return int(await web3.eth.estimate_gas(call))
    except Web3RPCError as error:
        if _says(error, *_NO_GAS):
            raise _no_gas(doing) from error
        raise


async def _broadcast(web3: _Web3, raw: bytes, tx_hash: str) -> None:
    try:
        await web3.eth.send_raw_transaction(HexBytes(raw))
    except Web3RPCError as error:
        if _says(error, *_KNOWN):
            return
        if _says(error, *_NO_GAS):
            raise _no_gas(tx_hash) from error
        if _says(error, *_NUMBER_TAKEN):
            await _require_ours(web3, tx_hash, error)
            return
        raise


async def _require_ours(web3: _Web3, tx_hash: str, error: Web3RPCError) -> None:
    """Its number is taken: by itself, if an endpoint took it and its answer was lost."""
    if await _receipt(web3, tx_hash) is None:
        raise TransactionFailed(f"{tx_hash}: another transaction took its place") from error


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
