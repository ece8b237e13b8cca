"""Asking for a piece: is it stored and ready, and how far is its indexing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devnet.provider.answers import Refusal, parse_v2
from devnet.provider.faults import Faults, Point
from devnet.provider.pieces import PieceStore, StoredPiece
from vibesflow.errors import InvalidPieceCid
from vibesflow.filecoin import PieceCid

_V1_START = "baga6ea4seaq"


class Finding:
    """Answers whether a piece is here."""

    def __init__(self, pieces: PieceStore, faults: Faults) -> None:
        self._pieces = pieces
        self._faults = faults

    def routes(self) -> list[Route]:
        """The routes that look for one piece."""
        return [
            Route("/pdp/piece", self.find, methods=["GET"]),
            Route("/pdp/piece/{cid}/status", self.status, methods=["GET"]),
        ]

    async def find(self, request: Request) -> Response:
        """200 once the piece is published, 404 before."""
        await self._faults.reach(Point.FIND)
        text = request.query_params.get("pieceCid", "")
        if not text:
            raise Refusal(400, "pieceCid is required")
        held = await self._pieces.find(parse_v2(text))
        if held is None or not self._pieces.is_published(held):
            raise Refusal(404, "Piece not found")
        return JSONResponse({"pieceCid": held.cid.text})

    async def status(self, request: Request) -> Response:
        """How far indexing and advertising are; this provider does neither."""
        held = await find_any(self._pieces, str(request.path_params["cid"]))
        if held is None or not self._pieces.is_published(held):
            raise Refusal(404, "Piece not found or does not belong to service")
        done = dict.fromkeys(("indexed", "adCreated", "advertised", "retrieved"), False)
        return JSONResponse({"pieceCid": held.cid.text, "status": "pending", **done})


async def find_any(pieces: PieceStore, text: str) -> StoredPiece | None:
    """Find a parked piece by its CID of either version.

    Raises:
        Refusal: 400, the text is neither.
    """
    if text.startswith(_V1_START):
        return await pieces.find_v1(text)
    try:
        return await pieces.find(PieceCid.parse(text))
    except InvalidPieceCid as error:
        raise Refusal(400, f"Failed to parse piece CID: {error}") from None
