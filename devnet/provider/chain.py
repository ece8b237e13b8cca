"""The chain as a provider sees it: reads, estimates, signed transactions, receipts."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

import aiohttp
from eth_abi.abi import decode
from eth_account.signers.local import LocalAccount
from eth_account.types import TransactionDictType
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import (
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.types import BlockData, Nonce, TxParams, TxReceipt, Wei

from devnet.provider.calls import Call
from devnet.provider.reverts import ChainUnreachable, Rejected, Reverted

T = TypeVar("T")
_GAS_HEADROOM_PERCENT = 125
_KNOWN_ALREADY = ("already known", "already imported", "already in mpool")


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction that is ready to be sent, as often as needed."""

    hash: str
    raw: str
    nonce: int


class Chain:
    """One account on one chain. The node may be down when this is made, and come later.

    Every method raises `ChainUnreachable` when the node does not answer.
    """

    def __init__(self, rpc_url: str, account: LocalAccount) -> None:
        self._web3 = AsyncWeb3(AsyncHTTPProvider(rpc_url))
        self._account = account
        self._chain_id: int | None = None

    @property
    def address(self) -> str:
        """The provider's own address."""
        return str(self._account.address)

    async def close(self) -> None:
        """Close the connections to the node."""
        await self._web3.provider.disconnect()

    async def read(self, question: Call, gives: str) -> object:
        """Call a view function with one result, of the ABI type ``gives``.

        Raises:
            Reverted: the contract refuses.
        """
        params: TxParams = {"to": _address(question.to), "data": HexBytes(question.data)}
        answer = await self._ask(self._web3.eth.call(params))
        if not answer:
            raise Reverted("0x")
        (value,) = decode([gives], bytes(answer))
        return cast("object", value)

    async def simulate(self, request: Call) -> None:
        """Try a transaction without sending it.

        Raises:
            Reverted: it would fail.
        """
        await self._ask(self._web3.eth.call(self._params(request)))

    async def estimate(self, request: Call) -> int:
        """Return the gas to allow for a transaction.

        Raises:
            Reverted: it would fail.
        """
        gas = await self._ask(self._web3.eth.estimate_gas(self._params(request)))
        return gas * _GAS_HEADROOM_PERCENT // 100

    async def next_nonce(self) -> int:
        """Return the account's next nonce, transactions in the node's pool counted."""
        return await self._nonce("pending")

    async def landed_nonce(self) -> int:
        """Return how many of the account's transactions are in blocks."""
        return await self._nonce("latest")

    async def sign(
        self, request: Call, gas: int, nonce: int, *, fee_percent: int = 100
    ) -> SignedTransaction:
        """Sign a transaction; nothing is sent. With a higher fee it may replace another."""
        block: BlockData = await self._ask(self._web3.eth.get_block("latest"))
        tip = await self._ask(self._web3.eth.max_priority_fee)
        if self._chain_id is None:
            self._chain_id = await self._ask(self._web3.eth.chain_id)
        params: TxParams = {
            **self._params(request),
            "chainId": self._chain_id,
            "gas": gas,
            "nonce": Nonce(nonce),
            "maxFeePerGas": Wei((2 * block["baseFeePerGas"] + tip) * fee_percent // 100),
            "maxPriorityFeePerGas": tip,
        }
        signed = self._account.sign_transaction(cast("TransactionDictType", params))
        return SignedTransaction(signed.hash.to_0x_hex(), signed.raw_transaction.to_0x_hex(), nonce)

    async def broadcast(self, raw: str) -> None:
        """Send a signed transaction; one that the node already has is fine.

        Raises:
            Rejected: the node refuses it.
        """
        try:
            await self._ask(self._web3.eth.send_raw_transaction(HexBytes(raw)))
        except Rejected as error:
            if not any(words in str(error).lower() for words in _KNOWN_ALREADY):
                raise

    async def receipt(self, tx_hash: str) -> TxReceipt | None:
        """Return the receipt of a transaction that has landed."""
        try:
            return await self._ask(self._web3.eth.get_transaction_receipt(HexBytes(tx_hash)))
        except TransactionNotFound:
            return None

    async def _nonce(self, block: Literal["latest", "pending"]) -> int:
        return await self._ask(self._web3.eth.get_transaction_count(self._account.address, block))

    def _params(self, request: Call) -> TxParams:
        return {
            "from": self._account.address,
            "to": _address(request.to),
            "data": HexBytes(request.data),
            "value": Wei(request.value),
        }

    async def _ask(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except ContractLogicError as error:
            raise Reverted(_revert_data(error)) from error
        except TransactionNotFound:
            raise
        except Web3RPCError as error:
            raise Rejected(_words(error)) from error
        except (Web3Exception, aiohttp.ClientError, OSError) as error:
            raise ChainUnreachable(f"the node does not answer: {type(error).__name__}") from error


def _address(text: str) -> ChecksumAddress:
    return AsyncWeb3.to_checksum_address(text)


def _revert_data(error: ContractLogicError) -> str:
    data = error.data
    return data if isinstance(data, str) and data.startswith("0x") else "0x"


def _words(error: Web3RPCError) -> str:
    response = error.rpc_response
    detail = response.get("error") if response else None
    return str(detail["message"]) if isinstance(detail, dict) else str(error)
