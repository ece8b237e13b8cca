"""Copying pieces from another provider: ``POST /pdp/piece/pull``, which is its own status poll."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devnet.provider.answers import (
    LARGEST_ID,
    Body,
    Refusal,
    internal_error,
    parse_cid,
    parse_hex,
    read_body,
)
from devnet.provider.chain import Chain
from devnet.provider.contracts import Contracts
from devnet.provider.data_sets import check_keeper
from devnet.provider.faults import Faults, Point
from devnet.provider.known_sets import KnownSets
from devnet.provider.options import Limits
from devnet.provider.pull_fetcher import PullFetcher
from devnet.provider.pull_store import PullItem, PullStore, overall, pull_key
from devnet.provider.reverts import ChainError, Reverted
from vibesflow.filecoin import PieceCid

_BUSY_RETRY_S = "60"


class SourceBody(Body):
    """A piece and a place to get it from."""

    piece_cid: str
    source_url: str


class PullBody(Body):
    """What to copy, and the payer's authorization of the commit that will follow."""

    extra_data: str = ""
    record_keeper: str = ""
    data_set_id: int = Field(0, ge=0, le=LARGEST_ID)
    pieces: tuple[SourceBody, ...] = ()


class Pulls:
    """Takes pull requests. The same request again only asks how far it is."""

    def __init__(
        self,
        chain: Chain,
        contracts: Contracts,
        known: KnownSets,
        store: PullStore,
        fetcher: PullFetcher,
        limits: Limits,
        faults: Faults,
    ) -> None:
        self._chain = chain
        self._contracts = contracts
        self._known = known
        self._store = store
        self._fetcher = fetcher
        self._limits = limits
        self._faults = faults

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("/pdp/piece/pull", self.pull, methods=["POST"])]

    async def pull(self, request: Request) -> Response:
        """Begin to copy, or tell how far it is: 200."""
        body = await read_body(request, PullBody, self._limits.max_json_bytes)
        extra = parse_hex(body.extra_data, "extraData")
        sources = self._sources(body)
        key = pull_key(extra, body.data_set_id, body.record_keeper)
        if await self._store.statuses(key):
            await self._faults.reach(Point.STATUS)
        else:
            await self._faults.reach(Point.PULL)
            await self._check(body, list(sources), extra)
            await self._begin(key, sources)
        return await self._answer(key)

    def _sources(self, body: PullBody) -> dict[PieceCid, list[str]]:
        if not body.pieces:
            raise Refusal(400, "At least one piece must be provided")
        if len(body.pieces) > self._limits.max_pieces:
            raise Refusal(400, f"Too many pieces, the maximum is {self._limits.max_pieces}")
        sources: dict[PieceCid, list[str]] = {}
        smallest, largest = self._limits.min_piece_bytes, self._limits.max_piece_bytes
        for piece in body.pieces:
            held = sources.setdefault(parse_cid(piece.piece_cid, smallest, largest), [])
            if piece.source_url in held:
                raise Refusal(400, f"duplicate piece and sourceUrl: {piece.piece_cid}")
            held.append(_checked_url(piece.source_url))
        return sources

    async def _check(self, body: PullBody, cids: list[PieceCid], extra: bytes) -> None:
        """Would the commit that the payer signed be accepted?"""
        if body.data_set_id == 0:
            check_keeper(body.record_keeper, self._contracts)
        elif not await self._known.has(body.data_set_id):
            raise Refusal(404, "Data set not found")
        try:
            call = await self._contracts.add_pieces(body.data_set_id or None, cids, extra)
            await self._chain.simulate(call)
        except Reverted as error:
            raise Refusal(400, f"extraData validation failed: {error}") from error
        except ChainError as error:
            raise internal_error(f"Failed to validate extraData: chain: {error}") from error

    async def _begin(self, key: str, sources: dict[PieceCid, list[str]]) -> None:
        waiting = await self._store.unsettled_cids() | {cid.text for cid in sources}
        if len(waiting) > self._limits.max_pulls:
            raise Refusal(429, "Too many pending pulls", {"Retry-After": _BUSY_RETRY_S})
        items = [
            PullItem(key, position, cid.text, tuple(urls))
            for position, (cid, urls) in enumerate(sources.items())
        ]
        if await self._store.add(key, items):
            self._fetcher.start(items)

    async def _answer(self, key: str) -> Response:
        statuses = await self._store.statuses(key)
        pieces = [{"pieceCid": cid, "status": status} for cid, status in statuses]
        return JSONResponse({"status": overall([one for _, one in statuses]), "pieces": pieces})


def _checked_url(url: str) -> str:
    """A development provider takes plain http as well."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refusal(400, "Invalid sourceUrl: it must be an http or https address")
    return url
