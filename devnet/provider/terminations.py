"""Ending a data set's service at its payer's request: queued first, sent by a task."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devnet.provider.answers import Body, Refusal, internal_error, parse_hex, parse_id, read_body
from devnet.provider.contracts import Contracts
from devnet.provider.hanging_up import HungUp
from devnet.provider.known_sets import KnownSets
from devnet.provider.options import Limits
from devnet.provider.reverts import ChainError, ChainUnreachable
from devnet.provider.state import Database
from devnet.provider.transactions import Purpose, Sender, TxStatus

_log = logging.getLogger(__name__)

_ALREADY_TERMINATED = 0
_ALREADY_QUEUED = 1
_RETRY_S = 1.0
_QUEUE = "INSERT OR IGNORE INTO terminations (data_set_id, extra_data) VALUES (?, ?)"
_UNSENT = "SELECT data_set_id, extra_data FROM terminations WHERE hash = ''"
_SENT = "UPDATE terminations SET hash = ? WHERE data_set_id = ?"
_FORGET = "DELETE FROM terminations WHERE data_set_id = ?"
_STATUS = """
SELECT terminations.hash AS hash, status, coalesce(by_hash, hash) AS landing_hash
FROM terminations LEFT JOIN transactions USING (hash) LEFT JOIN replacements USING (hash)
WHERE terminations.data_set_id = ?"""


class TerminateBody(Body):
    """The payer's authorization."""

    extra_data: str = ""


class Terminations:
    """Takes requests, sends them one by one, tells what became of them."""

    def __init__(
        self,
        database: Database,
        known: KnownSets,
        contracts: Contracts,
        sender: Sender,
        limits: Limits,
    ) -> None:
        self._database = database
        self._known = known
        self._contracts = contracts
        self._sender = sender
        self._limits = limits
        self._asked = asyncio.Event()

    def routes(self) -> list[Route]:
        """The two routes of a termination."""
        path = "/pdp/data-sets/{data_set_id}/terminate"
        return [
            Route(path, self.ask, methods=["POST"]),
            Route(path, self.status, methods=["GET"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Queue a termination: 202, or 409 if it is queued or done."""
        data_set_id = parse_id(str(request.path_params["data_set_id"]), "data set ID")
        body = await read_body(request, TerminateBody, self._limits.max_json_bytes)
        extra = parse_hex(body.extra_data, "extraData")
        if not extra:
            raise Refusal(400, "extraData is required")
        await self._check_known(data_set_id)
        end_epoch = await self._end_epoch(data_set_id)
        if end_epoch is not None:
            return _conflict(_ALREADY_TERMINATED, "data set is already terminated", end_epoch)
        await self._drop_failed(data_set_id)
        if not await self._database.execute(_QUEUE, data_set_id, extra.hex()):
            return _conflict(_ALREADY_QUEUED, "termination is already queued", None)
        self._asked.set()
        return Response(status_code=202)

    async def status(self, request: Request) -> Response:
        """How far a termination is; 404 if none was asked for, or it failed."""
        data_set_id = parse_id(str(request.path_params["data_set_id"]), "data set ID")
        await self._check_known(data_set_id)
        end_epoch = await self._end_epoch(data_set_id)
        row = await self._database.row(_STATUS, data_set_id)
        failed = row is not None and row["status"] == TxStatus.FAILED
        if end_epoch is None and (row is None or failed):
            raise Refusal(404, "No termination in progress")
        answer: dict[str, object] = {
            "terminationTxHash": row["hash"] if row else "",
            "fwssTerminated": None if end_epoch is None else True,
            "serviceTerminationEpoch": end_epoch,
        }
        if row is not None and row["status"] == TxStatus.CONFIRMED:
            answer["confirmedTxHash"] = row["landing_hash"]
        return JSONResponse(answer)

    async def send_queued(self) -> None:
        """Send what is queued, for ever; a request that the contract refuses is discarded."""
        while True:
            self._asked.clear()
            for row in await self._database.rows(_UNSENT):
                await self._send(row["data_set_id"], bytes.fromhex(row["extra_data"]))
            await self._asked.wait()

    async def _send(self, data_set_id: int, extra: bytes) -> None:
        def record(db: sqlite3.Connection, tx_hash: str) -> None:
            db.execute(_SENT, (tx_hash, data_set_id))

        call = self._contracts.terminate(data_set_id, extra)
        try:
            await self._sender.send(call, Purpose.TERMINATE, data_set_id, record)
        except (ChainUnreachable, Refusal, HungUp) as error:
            _log.warning("termination of data set %s waits: %s", data_set_id, error)
            asyncio.get_running_loop().call_later(_RETRY_S, self._asked.set)
        except ChainError as error:
            _log.warning("termination of data set %s is discarded: %s", data_set_id, error)
            await self._database.execute(_FORGET, data_set_id)

    async def _check_known(self, data_set_id: int) -> None:
        if not await self._known.has(data_set_id):
            raise Refusal(404, "Data set not found")

    async def _end_epoch(self, data_set_id: int) -> int | None:
        try:
            return await self._contracts.end_epoch(data_set_id)
        except ChainError as error:
            raise internal_error(f"chain: {error}") from error

    async def _drop_failed(self, data_set_id: int) -> None:
        row = await self._database.row(_STATUS, data_set_id)
        if row is not None and row["status"] == TxStatus.FAILED:
            await self._database.execute(_FORGET, data_set_id)


def _conflict(code: int, message: str, end_epoch: int | None) -> Response:
    body = {"code": code, "message": message, "serviceTerminationEpoch": end_epoch}
    return JSONResponse(body, status_code=409)
