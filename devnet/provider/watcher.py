"""Watching sent transactions until they have landed, and writing down what they did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3

from web3.types import TxReceipt

from devnet.provider.chain import Chain
from devnet.provider.contracts import Contracts
from devnet.provider.faults import Faults, Point
from devnet.provider.options import Clock, Limits
from devnet.provider.reverts import ChainUnreachable, Rejected
from devnet.provider.state import Database
from devnet.provider.transactions import TRANSACTIONS, Sender, TxStatus

_log = logging.getLogger(__name__)

_PENDING = f"{TRANSACTIONS} WHERE status = 'pending' ORDER BY nonce"
_SETTLE = "UPDATE transactions SET status = ?, data_set_id = ? WHERE hash = ?"
_REMOVE_PIECE = """
UPDATE added_pieces SET removed = 1 WHERE piece_id = ? AND hash IN (
  SELECT hash FROM transactions WHERE data_set_id = ?)"""
_IDLE_S = 2.0
_NAME_PIECE = "UPDATE added_pieces SET piece_id = ? WHERE hash = ? AND position = ?"


class Watcher:
    """Turns pending transactions into confirmed or failed ones."""

    def __init__(
        self,
        chain: Chain,
        contracts: Contracts,
        database: Database,
        sender: Sender,
        limits: Limits,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self._chain = chain
        self._contracts = contracts
        self._database = database
        self._sender = sender
        self._limits = limits
        self._clock = clock
        self._faults = faults
        self._resend_at: dict[str, float] = {}

    async def watch(self) -> None:
        """Look again and again, for ever; less often while nothing is pending."""
        while True:
            self._sender.sent.clear()
            if await self._look():
                await asyncio.sleep(self._limits.receipt_poll_s)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._sender.sent.wait(), _IDLE_S)

    async def _look(self) -> bool:
        """Look at every pending transaction once; whether there are any."""
        pending: list[sqlite3.Row] = []
        try:
            await self._sender.restore()
            pending = await self._database.rows(_PENDING)
            for row in pending:
                await self._look_at(row)
        except ChainUnreachable as error:
            _log.warning("cannot look for receipts: %s", error)
        return bool(pending)

    async def _look_at(self, row: sqlite3.Row) -> None:
        receipt = await self._chain.receipt(row["landing_hash"])
        if receipt is not None:
            await self._faults.reach(Point.CONFIRM)
            await self._settle(row, receipt)
        elif self._resend_at.setdefault(row["hash"], self._first_resend(row)) <= self._clock():
            self._resend_at[row["hash"]] = self._clock() + self._limits.rebroadcast_after_s
            await self._resend(row)

    def _first_resend(self, row: sqlite3.Row) -> float:
        return float(row["sent_at"]) + self._limits.rebroadcast_after_s

    async def _resend(self, row: sqlite3.Row) -> None:
        """Send again what the node may never have seen, because we died or it restarted."""
        try:
            await self._chain.broadcast(row["raw"])
        except Rejected as error:
            if await self._chain.receipt(row["landing_hash"]) is None and "nonce too low" in str(
                error
            ):
                _log.warning("transaction %s can never land: %s", row["hash"], error)
                await self._fail(row)

    async def _settle(self, row: sqlite3.Row, receipt: TxReceipt) -> None:
        self._resend_at.pop(row["hash"], None)
        if receipt["status"] != 1:
            await self._fail(row)
            return
        created = self._contracts.created_data_set(receipt)
        data_set_id = row["data_set_id"] if created is None else created
        piece_ids = self._contracts.added_pieces(receipt)
        removed = self._contracts.removed_pieces(receipt)

        def work(db: sqlite3.Connection) -> None:
            db.execute(_SETTLE, (TxStatus.CONFIRMED, data_set_id, row["hash"]))
            names = [(piece_id, row["hash"], at) for at, piece_id in enumerate(piece_ids)]
            db.executemany(_NAME_PIECE, names)
            db.executemany(_REMOVE_PIECE, [(piece_id, data_set_id) for piece_id in removed])

        await self._database.run(work)
        _log.info("transaction %s confirmed, data set %s", row["hash"], data_set_id)

    async def _fail(self, row: sqlite3.Row) -> None:
        self._resend_at.pop(row["hash"], None)
        values = (TxStatus.FAILED, row["data_set_id"], row["hash"])
        await self._database.execute(_SETTLE, *values)
        _log.warning("transaction %s failed", row["hash"])
