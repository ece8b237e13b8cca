"""Scheduling pieces for removal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devnet.provider.answers import Body, Refusal, parse_hex, parse_id, read_body
from devnet.provider.contracts import Contracts
from devnet.provider.data_sets import not_sent
from devnet.provider.known_sets import KnownSets
from devnet.provider.options import Limits
from devnet.provider.reverts import ChainError
from devnet.provider.transactions import Purpose, Sender


class RemovalBody(Body):
    """The payer's authorization, and the pieces unless the path names the only one."""

    extra_data: str = ""
    piece_ids: tuple[int, ...] = ()


class Removals:
    """Sends removals; they take effect at the next proving period."""

    def __init__(
        self, contracts: Contracts, sender: Sender, known: KnownSets, limits: Limits
    ) -> None:
        self._contracts = contracts
        self._sender = sender
        self._known = known
        self._limits = limits

    def routes(self) -> list[Route]:
        """The one route."""
        path = "/pdp/data-sets/{data_set_id}/pieces/{piece_id}"
        return [Route(path, self.remove, methods=["DELETE"])]

    async def remove(self, request: Request) -> Response:
        """Schedule removals: 200 and the transaction's hash."""
        data_set_id = parse_id(str(request.path_params["data_set_id"]), "data set ID")
        path_id = parse_id(str(request.path_params["piece_id"]), "piece ID")
        body = await read_body(request, RemovalBody, self._limits.max_json_bytes)
        extra = self._extra(body)
        piece_ids = list(dict.fromkeys(body.piece_ids or (path_id,)))
        if len(piece_ids) > self._limits.max_removals:
            raise Refusal(400, f"Too many pieceIds, the maximum is {self._limits.max_removals}")
        await self._check_known(data_set_id, piece_ids)
        try:
            await self._check_queue(data_set_id)
            call = self._contracts.delete_pieces(data_set_id, piece_ids, extra)
            tx_hash = await self._sender.send(call, Purpose.DELETE, data_set_id)
        except ChainError as error:
            raise not_sent(error) from error
        return JSONResponse({"txHash": tx_hash})

    def _extra(self, body: RemovalBody) -> bytes:
        extra = parse_hex(body.extra_data, "extraData")
        limit = self._limits.max_removal_extra_bytes
        if len(extra) > limit:
            raise Refusal(400, f"extraData size {len(extra)} exceeds the maximum of {limit} bytes")
        return extra

    async def _check_known(self, data_set_id: int, piece_ids: list[int]) -> None:
        if not await self._known.has(data_set_id):
            raise Refusal(404, "Data set not found")
        held = {piece.piece_id for piece in await self._known.pieces(data_set_id)}
        missing = [piece_id for piece_id in piece_ids if piece_id not in held]
        if missing:
            raise Refusal(404, f"Piece not found: {missing[0]}")

    async def _check_queue(self, data_set_id: int) -> None:
        queued = await self._contracts.scheduled_removals(data_set_id)
        if len(queued) >= self._limits.max_removals:
            raise Refusal(429, "Too many removals are queued already", {"Retry-After": "300"})
