"""The contracts a provider works with: what it asks them and what it reads from their events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from eth_abi.abi import decode
from web3.types import LogReceipt, TxReceipt

from devnet.provider import calls
from devnet.provider.calls import Call, call
from devnet.provider.chain import Chain
from vibesflow.filecoin import PieceCid

_DATA_SET_VIEW = (
    "(uint256,uint256,uint256,address,address,address,"
    "uint256,uint256,uint256,uint256,uint96,uint96,uint256)"
)
_VIEW_END_EPOCH = 8


class Contracts:
    """PDPVerifier and the warm storage service of one chain.

    Every method that reads raises `ChainUnreachable` or `Reverted`.
    """

    def __init__(self, chain: Chain, pdp_verifier: str, fwss: str) -> None:
        self._chain = chain
        self._verifier = pdp_verifier
        self._fwss = fwss
        self._deposit: int | None = None

    def is_allowed_keeper(self, record_keeper: str) -> bool:
        """Whether the provider works for this record keeper."""
        return record_keeper.lower() == self._fwss.lower()

    async def create_data_set(self, extra: bytes) -> Call:
        """The creation of an empty data set, with its deposit."""
        deposit = await self._cleanup_deposit()
        return calls.create_data_set(self._verifier, self._fwss, extra, deposit)

    async def add_pieces(
        self, data_set_id: int | None, pieces: Sequence[PieceCid], extra: bytes
    ) -> Call:
        """The addition of pieces to a data set, or with None to a new one, with its deposit."""
        if data_set_id is not None:
            return calls.add_pieces(self._verifier, data_set_id, pieces, extra)
        deposit = await self._cleanup_deposit()
        return calls.create_and_add(self._verifier, self._fwss, pieces, extra, deposit)

    def delete_pieces(self, data_set_id: int, piece_ids: Sequence[int], extra: bytes) -> Call:
        """The scheduling of removals."""
        return calls.delete_pieces(self._verifier, data_set_id, piece_ids, extra)

    def terminate(self, data_set_id: int, extra: bytes) -> Call:
        """The end of a data set's service."""
        return calls.terminate(self._fwss, data_set_id, extra)

    async def scheduled_removals(self, data_set_id: int) -> list[int]:
        """Piece ids that wait for their removal."""
        question = call(self._verifier, "getScheduledRemovals", ("uint256",), data_set_id)
        return list(cast("tuple[int, ...]", await self._chain.read(question, "uint256[]")))

    async def next_challenge_epoch(self, data_set_id: int) -> int:
        """The epoch of the next challenge; 0 while there is none."""
        question = call(self._verifier, "getNextChallengeEpoch", ("uint256",), data_set_id)
        return cast("int", await self._chain.read(question, "uint256"))

    async def end_epoch(self, data_set_id: int) -> int | None:
        """The epoch at which a terminated data set's service ends; None while it goes on."""
        view = await self._chain.read(call(self._fwss, "viewContractAddress", ()), "address")
        question = call(cast("str", view), "getDataSet", ("uint256",), data_set_id)
        words = cast("tuple[int, ...]", await self._chain.read(question, _DATA_SET_VIEW))
        return words[_VIEW_END_EPOCH] or None

    def created_data_set(self, receipt: TxReceipt) -> int | None:
        """The id of the data set that a transaction created, if it did."""
        logs = _logs(receipt, self._verifier, calls.DATA_SET_CREATED)
        return int.from_bytes(logs[0]["topics"][1]) if logs else None

    def added_pieces(self, receipt: TxReceipt) -> list[int]:
        """The ids of the pieces that a transaction added, in order."""
        logs = _logs(receipt, self._fwss, calls.PIECE_ADDED)
        return [int.from_bytes(log["topics"][2]) for log in logs]

    def removed_pieces(self, receipt: TxReceipt) -> list[int]:
        """The ids of the pieces that are gone with a transaction."""
        logs = _logs(receipt, self._verifier, calls.PIECES_REMOVED)
        return [piece_id for log in logs for piece_id in decode(["uint256[]"], log["data"])[0]]

    async def _cleanup_deposit(self) -> int:
        if self._deposit is None:
            question = call(self._verifier, "FIL_CLEANUP_DEPOSIT", ())
            self._deposit = cast("int", await self._chain.read(question, "uint256"))
        return self._deposit


def _logs(receipt: TxReceipt, emitter: str, event: str) -> list[LogReceipt]:
    return [
        log
        for log in receipt["logs"]
        if log["address"].lower() == emitter.lower() and log["topics"][0].to_0x_hex() == event
    ]
