"""Sending transactions from the provider's account, one at a time, none forgotten."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from enum import StrEnum

from devnet.provider.calls import Call
from devnet.provider.chain import Chain, SignedTransaction
from devnet.provider.faults import FaultName, Faults, Point
from devnet.provider.options import Clock
from devnet.provider.reverts import Rejected
from devnet.provider.state import Database

_log = logging.getLogger(__name__)

RecordSent = Callable[[sqlite3.Connection, str], None]
"""More to write in the database transaction that records a transaction, given its hash."""


class Purpose(StrEnum):
    """Why a transaction was sent."""

    CREATE = "create"
    CREATE_AND_ADD = "create_and_add"
    ADD = "add"
    DELETE = "delete"
    TERMINATE = "terminate"


class TxStatus(StrEnum):
    """What has become of a transaction, in the words of the PDP API."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"


TRANSACTIONS = """
SELECT transactions.*, coalesce(by_hash, hash) AS landing_hash
FROM transactions LEFT JOIN replacements USING (hash)"""
"""Transactions by the hash that was told, and the hash under which each one lands."""

_REPLACED_FEE_PERCENT = 200
_REPLACE = "INSERT INTO replacements VALUES (?, ?)"
_INSERT = """
INSERT INTO transactions (hash, nonce, raw, purpose, data_set_id, sent_at)
VALUES (?, ?, ?, ?, ?, ?)"""
_DELETE = "DELETE FROM transactions WHERE hash = ?"
_LAST = "SELECT max(nonce) AS nonce FROM transactions"
_LAST_SETTLED = f"{_LAST} WHERE status != 'pending'"
_REOPEN = "UPDATE transactions SET status = 'pending' WHERE status != 'pending' AND nonce >= ?"
_LOST = "SELECT hash, raw FROM transactions WHERE nonce >= ? ORDER BY nonce"


class Sender:
    """Estimates, signs, records and sends: in this order, so that a crash loses nothing.

    A transaction is on disk before the node sees it. If the process dies in between, the watcher
    of the next one sends it.
    """

    def __init__(self, chain: Chain, database: Database, clock: Clock, faults: Faults) -> None:
        self._chain = chain
        self._database = database
        self._clock = clock
        self._faults = faults
        self._account = asyncio.Lock()
        self.sent = asyncio.Event()

    async def send(
        self,
        request: Call,
        purpose: Purpose,
        data_set_id: int | None,
        record: RecordSent = lambda _db, _hash: None,
    ) -> str:
        """Send a transaction and return its hash; it is not confirmed yet.

        Raises:
            Reverted: it would fail; nothing was sent.
            Rejected: the node does not take it; nothing was sent.
            ChainUnreachable: the node does not answer; it may have been sent, and if it was
                signed it will be.
        """
        await self._faults.reach(Point.SEND)
        async with self._account:
            await self._restore()
            told, landing = await self._sign(request)
            await self._record(told, landing, purpose, data_set_id, record)
            await self._broadcast(told.hash, landing)
        _log.info("sent %s transaction %s", purpose, told.hash)
        await self._faults.reach(Point.SENT)
        return told.hash

    async def restore(self) -> None:
        """Send again what is lost when the chain goes back, as a killed devnet node does.

        Raises:
            ChainUnreachable: the node does not answer.
        """
        async with self._account:
            await self._restore()

    async def _restore(self) -> None:
        last = await self._nonce(_LAST_SETTLED)
        if last is None or (landed := await self._chain.landed_nonce()) > last:
            return
        await self._database.execute(_REOPEN, landed)
        for row in await self._database.rows(_LOST, landed):
            _log.warning("the chain went back; transaction %s is sent again", row["hash"])
            try:
                await self._chain.broadcast(row["raw"])
            except Rejected as error:
                _log.warning("the node does not take it: %s", error)

    async def _sign(self, request: Call) -> tuple[SignedTransaction, SignedTransaction]:
        """Return the transaction that is told, and the one that is sent: nearly always the same."""
        gas = await self._chain.estimate(request)
        if self._faults.strikes(FaultName.FAILED_TRANSACTION):
            gas //= 2
        nonce = await self._next_nonce()
        told = await self._chain.sign(request, gas, nonce)
        if not self._faults.strikes(FaultName.REPLACED_HASH):
            return told, told
        dearer = await self._chain.sign(request, gas, nonce, fee_percent=_REPLACED_FEE_PERCENT)
        return told, dearer

    async def _next_nonce(self) -> int:
        last = await self._nonce(_LAST)
        return max(await self._chain.next_nonce(), 0 if last is None else last + 1)

    async def _nonce(self, query: str) -> int | None:
        row = await self._database.row(query)
        return None if row is None or row["nonce"] is None else int(row["nonce"])

    async def _record(
        self,
        told: SignedTransaction,
        landing: SignedTransaction,
        purpose: Purpose,
        data_set_id: int | None,
        record: RecordSent,
    ) -> None:
        values = (told.hash, told.nonce, landing.raw, purpose, data_set_id, self._clock())

        def work(db: sqlite3.Connection) -> None:
            db.execute(_INSERT, values)
            if landing.hash != told.hash:
                db.execute(_REPLACE, (told.hash, landing.hash))
            record(db, told.hash)

        await self._database.run(work)

    async def _broadcast(self, told_hash: str, landing: SignedTransaction) -> None:
        try:
            await self._chain.broadcast(landing.raw)
        except Rejected:
            await self._database.execute(_DELETE, told_hash)
            raise
        finally:
            self.sent.set()
