"""Sending transactions and waiting for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from eth_account.signers.local import LocalAccount
from eth_account.types import TransactionDictType
from eth_typing import ChecksumAddress
from requests.exceptions import RequestException
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractLogicError, TimeExhausted
from web3.types import TxParams, TxReceipt, Wei

from devnet.chain import rpc
from devnet.chain.artifacts import artifact
from vibesflow.errors import ChainDown, NotConfirmedYet, TransactionFailed
from vibesflow.filecoin.reverts import decode_revert

_RECEIPT_LIMIT_S = 120.0
_POLL_S = 0.02
_GAS_HEADROOM_PERCENT = 150
"""The estimate is made in the last block, where accounts are settled already; the next one is not
so lucky."""


class Chain:
    """A node, and the contracts on it.

    Every method raises `ChainDown` when the node does not answer.
    """

    def __init__(self, rpc_url: str) -> None:
        self.rpc_url = rpc_url
        self.web3 = Web3(Web3.HTTPProvider(rpc_url))

    def contract(self, name: str, address: str) -> Contract:
        """Return a deployed contract with the interface of the artifact ``name``."""
        return self.web3.eth.contract(address=checksum(address), abi=artifact(name).abi)

    def read(self, function: ContractFunction) -> Any:
        """Return what a view function answers, decoded by its own ABI.

        Raises:
            ContractReverted: it refuses.
        """
        with _translated():
            return function.call()

    def send(self, sender: LocalAccount, function: ContractFunction, value: int = 0) -> TxReceipt:
        """Send a call as a transaction; return its receipt.

        Raises:
            ContractReverted: it would fail; nothing was sent.
            TransactionFailed: it was sent and failed.
            NotConfirmedYet: it was sent and no block has it.
        """
        with _translated():
            params = function.build_transaction(self._envelope(sender, value))
            return self._transact(sender, params)

    def transfer(self, sender: LocalAccount, to: str, value: int) -> TxReceipt:
        """Send FIL; raises as `send` does."""
        with _translated():
            params: TxParams = {**self._envelope(sender, value), "to": checksum(to)}
            params["gas"] = self.web3.eth.estimate_gas(params)
            return self._transact(sender, params)

    def deploy(self, sender: LocalAccount, name: str, *arguments: object) -> str:
        """Create a contract; return its address. Raises as `send` does."""
        compiled = artifact(name)
        factory = self.web3.eth.contract(abi=compiled.abi, bytecode=compiled.bytecode)
        with _translated():
            params = factory.constructor(*arguments).build_transaction(self._envelope(sender, 0))
            receipt = self._transact(sender, params)
        return str(receipt["contractAddress"])

    @contextmanager
    def instant_blocks(self) -> Iterator[None]:
        """Mine at once, whatever the node's block time, for as long as this lasts."""
        interval_s = rpc.call(self.rpc_url, "anvil_getIntervalMining")
        if interval_s is None:
            yield
            return
        rpc.call(self.rpc_url, "evm_setAutomine", True)
        try:
            yield
        finally:
            rpc.call(self.rpc_url, "evm_setIntervalMining", interval_s)

    def _envelope(self, sender: LocalAccount, value: int) -> TxParams:
        return {
            "from": checksum(sender.address),
            "value": Wei(value),
            "chainId": self.web3.eth.chain_id,
            "nonce": self.web3.eth.get_transaction_count(sender.address, "pending"),
        }

    def _transact(self, sender: LocalAccount, params: TxParams) -> TxReceipt:
        params.setdefault("maxPriorityFeePerGas", Wei(0))
        params.setdefault("maxFeePerGas", Wei(2 * self.web3.eth.gas_price))
        params["gas"] = params["gas"] * _GAS_HEADROOM_PERCENT // 100
        signed = sender.sign_transaction(cast("TransactionDictType", params))
        sent = self.web3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, _RECEIPT_LIMIT_S, _POLL_S)
        if receipt["status"] != 1:
            raise TransactionFailed(f"transaction {sent.to_0x_hex()} failed")
        return receipt


def checksum(address: str) -> ChecksumAddress:
    """Return an address in its EIP-55 form."""
    return Web3.to_checksum_address(address)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ContractLogicError as error:
        data = error.data if isinstance(error.data, str) else "0x"
        revert = decode_revert(bytes.fromhex(data.removeprefix("0x")))
        raise revert.as_error("a devnet contract") from error
    except TimeExhausted as error:
        raise NotConfirmedYet(str(error)) from error
    except (RequestException, ConnectionError) as error:
        raise ChainDown(f"the devnet's node does not answer: {type(error).__name__}") from error
