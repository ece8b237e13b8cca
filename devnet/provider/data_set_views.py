"""What has become of a data set: creation, additions, its pieces."""

from __future__ import annotations

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devnet.provider.answers import Refusal, internal_error, parse_hash, parse_id
from devnet.provider.contracts import Contracts
from devnet.provider.faults import Faults, Point
from devnet.provider.known_sets import HeldPiece, KnownSets
from devnet.provider.lagging import Lag
from devnet.provider.options import Clock
from devnet.provider.reverts import ChainUnreachable, Reverted
from devnet.provider.state import Database
from devnet.provider.transactions import Purpose, TxStatus
from vibesflow.filecoin import PieceCid

_ADDED = "SELECT DISTINCT position, piece_id FROM added_pieces WHERE hash = ? ORDER BY position"


class DataSetViews:
    """Tells payers what their transactions did."""

    def __init__(
        self,
        database: Database,
        known: KnownSets,
        contracts: Contracts,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self._database = database
        self._known = known
        self._contracts = contracts
        self._faults = faults
        self._lag = Lag(clock, faults)

    def routes(self) -> list[Route]:
        """The routes that report; the fixed path comes before the one with an id."""
        one = "/pdp/data-sets/{data_set_id}"
        return [
            Route("/pdp/data-sets/created/{tx_hash}", self.created, methods=["GET"]),
            Route(one, self.details, methods=["GET"]),
            Route(f"{one}/pieces/added/{{tx_hash}}", self.added, methods=["GET"]),
            Route(f"{one}/pieces/{{piece_id}}", self.piece, methods=["GET"]),
        ]

    async def created(self, request: Request) -> Response:
        """How far the creation of a data set is."""
        await self._faults.reach(Point.STATUS)
        tx_hash = parse_hash(str(request.path_params["tx_hash"]))
        row = await self._known.transaction(tx_hash)
        if row is None or row["purpose"] not in {Purpose.CREATE, Purpose.CREATE_AND_ADD}:
            raise Refusal(404, "Data set creation not found for given txHash")
        created = row["status"] == TxStatus.CONFIRMED and not self._lag.holds(tx_hash)
        answer = {
            "createMessageHash": tx_hash,
            "dataSetCreated": created,
            "service": "public",
            "txStatus": row["status"],
            "ok": _ok(row),
        }
        if row["status"] == TxStatus.CONFIRMED:
            answer["confirmedTxHash"] = row["landing_hash"]
        if created:
            answer["dataSetId"] = row["data_set_id"]
        return JSONResponse(answer)

    async def added(self, request: Request) -> Response:
        """How far the addition of pieces is; after a create-and-add under the same hash."""
        await self._faults.reach(Point.STATUS)
        data_set_id = parse_id(str(request.path_params["data_set_id"]), "data set ID")
        tx_hash = parse_hash(str(request.path_params["tx_hash"]))
        row = await self._known.transaction(tx_hash)
        if row is None or row["data_set_id"] != data_set_id:
            raise Refusal(404, "Piece addition not found for given transaction and data set")
        pieces = await self._database.rows(_ADDED, tx_hash)
        if not pieces:
            raise Refusal(404, "Piece addition not found for given transaction and data set")
        added = row["status"] == TxStatus.CONFIRMED and not self._lag.holds(tx_hash)
        return JSONResponse(_addition(row, [piece["piece_id"] for piece in pieces], added=added))

    async def details(self, request: Request) -> Response:
        """A data set with its pieces."""
        data_set_id = await self._known_id(request)
        entries = [_entry(held) for held in await self._known.pieces(data_set_id)]
        epoch = await self._next_challenge_epoch(data_set_id)
        return JSONResponse({"id": data_set_id, "nextChallengeEpoch": epoch, "pieces": entries})

    async def piece(self, request: Request) -> Response:
        """One piece of a data set, its CIDs as they are stored: v1."""
        data_set_id = await self._known_id(request)
        piece_id = parse_id(str(request.path_params["piece_id"]), "piece ID")
        held = [one for one in await self._known.pieces(data_set_id) if one.piece_id == piece_id]
        if not held:
            raise Refusal(404, "Piece not found")
        parts = [
            {"subPieceCid": _v1(one.sub_cid), "subPieceOffset": one.sub_offset} for one in held
        ]
        return JSONResponse({"pieceId": piece_id, "pieceCid": _v1(held[0].cid), "subPieces": parts})

    async def _known_id(self, request: Request) -> int:
        data_set_id = parse_id(str(request.path_params["data_set_id"]), "data set ID")
        if not await self._known.has(data_set_id):
            raise Refusal(404, "Data set not found")
        return data_set_id

    async def _next_challenge_epoch(self, data_set_id: int) -> int:
        """Zero before the first challenge, and for a data set that is no longer live."""
        try:
            return await self._contracts.next_challenge_epoch(data_set_id)
        except Reverted:
            return 0
        except ChainUnreachable as error:
            raise internal_error(f"chain: {error}") from error


def _addition(row: sqlite3.Row, piece_ids: list[int | None], *, added: bool) -> dict[str, object]:
    answer: dict[str, object] = {
        "txHash": row["hash"],
        "txStatus": row["status"],
        "dataSetId": row["data_set_id"],
        "pieceCount": len(piece_ids),
        "addMessageOk": _ok(row),
        "piecesAdded": added,
    }
    if row["status"] == TxStatus.CONFIRMED:
        answer["confirmedTxHash"] = row["landing_hash"]
    if added and None in piece_ids:
        raise internal_error("mismatch in confirmed piece IDs")
    if added:
        answer["confirmedPieceIds"] = piece_ids
    return answer


def _ok(row: sqlite3.Row) -> bool | None:
    return None if row["status"] == TxStatus.PENDING else row["status"] == TxStatus.CONFIRMED


def _entry(held: HeldPiece) -> dict[str, object]:
    return {
        "pieceId": held.piece_id,
        "pieceCid": held.cid,
        "subPieceCid": held.sub_cid,
        "subPieceOffset": held.sub_offset,
    }


def _part(held: HeldPiece) -> dict[str, object]:
    return {"subPieceCid": _v1(held.sub_cid), "subPieceOffset": held.sub_offset}


def _v1(text: str) -> str:
    return PieceCid.parse(text).to_v1_text()
