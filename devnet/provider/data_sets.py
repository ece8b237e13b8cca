"""Creating data sets and adding pieces: the requests that end in a transaction."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devnet.provider.additions import PieceBody, check_additions, parse_additions, recording
from devnet.provider.answers import Body, Refusal, parse_hex, parse_id, read_body
from devnet.provider.contracts import Contracts
from devnet.provider.known_sets import KnownSets
from devnet.provider.options import Limits
from devnet.provider.pieces import PieceStore
from devnet.provider.reverts import ChainError
from devnet.provider.throttle import Throttle
from devnet.provider.transactions import Purpose, Sender


class CreateBody(Body):
    """Whom the data set is recorded with, and the payer's authorization."""

    record_keeper: str = ""
    extra_data: str = ""


class CreateAndAddBody(CreateBody):
    """The same, and the first pieces."""

    pieces: tuple[PieceBody, ...] = ()


class AddBody(Body):
    """Pieces to add, and the payer's authorization."""

    pieces: tuple[PieceBody, ...] = ()
    extra_data: str = ""


class DataSets:
    """Sends what payers have signed."""

    def __init__(
        self,
        contracts: Contracts,
        sender: Sender,
        pieces: PieceStore,
        known: KnownSets,
        throttle: Throttle,
        limits: Limits,
    ) -> None:
        self._contracts = contracts
        self._sender = sender
        self._pieces = pieces
        self._known = known
        self._throttle = throttle
        self._limits = limits

    def routes(self) -> list[Route]:
        """The routes that create and add."""
        return [
            Route("/pdp/data-sets", self.create, methods=["POST"]),
            Route("/pdp/data-sets/create-and-add", self.create_and_add, methods=["POST"]),
            Route("/pdp/data-sets/{data_set_id}/pieces", self.add, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """Create an empty data set: 201 and where to ask for it."""
        body = await read_body(request, CreateBody, self._limits.max_json_bytes)
        check_keeper(body.record_keeper, self._contracts)
        extra = parse_hex(body.extra_data, "extraData")
        if len(extra) > self._limits.max_create_extra_bytes:
            limit = self._limits.max_create_extra_bytes
            raise Refusal(400, f"extraData size {len(extra)} exceeds the maximum of {limit} bytes")
        try:
            call = await self._contracts.create_data_set(extra)
            tx_hash = await self._sender.send(call, Purpose.CREATE, None)
        except ChainError as error:
            raise not_sent(error) from error
        return _created(f"/pdp/data-sets/created/{tx_hash}")

    async def create_and_add(self, request: Request) -> Response:
        """Create a data set with its first pieces: 201 and where to ask for it."""
        body = await read_body(request, CreateAndAddBody, self._limits.max_json_bytes)
        check_keeper(body.record_keeper, self._contracts)
        extra = parse_hex(body.extra_data, "extraData")
        tx_hash = await self._add(None, body.pieces, extra)
        return _created(f"/pdp/data-sets/created/{tx_hash}")

    async def add(self, request: Request) -> Response:
        """Add pieces to a data set: 201 and where to ask for them."""
        data_set_id = parse_id(str(request.path_params["data_set_id"]), "data set ID")
        body = await read_body(request, AddBody, self._limits.max_json_bytes)
        parse_additions(body.pieces, self._limits)
        extra = parse_hex(body.extra_data, "extraData")
        if not await self._known.has(data_set_id):
            self._throttle.count_miss(request)
            raise Refusal(404, "Data set not found")
        tx_hash = await self._add(data_set_id, body.pieces, extra)
        return _created(f"/pdp/data-sets/{data_set_id}/pieces/added/{tx_hash}")

    async def _add(
        self, data_set_id: int | None, bodies: tuple[PieceBody, ...], extra: bytes
    ) -> str:
        additions = parse_additions(bodies, self._limits)
        await check_additions(additions, self._pieces)
        purpose = Purpose.CREATE_AND_ADD if data_set_id is None else Purpose.ADD
        cids = [addition.cid for addition in additions]
        try:
            call = await self._contracts.add_pieces(data_set_id, cids, extra)
            return await self._sender.send(call, purpose, data_set_id, recording(additions))
        except ChainError as error:
            raise not_sent(error) from error


def check_keeper(record_keeper: str, contracts: Contracts) -> None:
    """Refuse a record keeper that is missing (400) or not on the allow-list (403)."""
    if not record_keeper:
        raise Refusal(400, "recordKeeper address is required")
    if not contracts.is_allowed_keeper(record_keeper):
        raise Refusal(403, "recordKeeper address not allowed for public service")


def not_sent(error: ChainError) -> Refusal:
    """The refusal that tells what the chain said to a transaction."""
    return Refusal(500, f"Failed to send transaction: chain: {error}")


def _created(location: str) -> Response:
    return Response(status_code=201, headers={"Location": location})
