"""Going through all that a payer holds: data sets, pieces with metadata, and the bytes behind."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import httpx

from vibesflow.errors import ChainFault, InvalidPieceCid, PieceNotFound, ProviderDown, ProviderFault
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import DataSetView
from vibesflow.filecoin.holdings import HeldDataSet, HeldPiece, HoldingProvider, Holdings
from vibesflow.filecoin.networks import network_of
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.provider_http import TIMEOUT, ProviderHttp
from vibesflow.filecoin.registry import read_providers
from vibesflow.filecoin.retrieval import piece_path, read_piece
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.tls import trust
from vibesflow.settings import FilecoinSettings

_log = logging.getLogger(__name__)

Take = Callable[[bytes | None], None]

_SETS_A_CALL = 50
_PIECES_A_PAGE = 150


class Inventory:
    """Reads what an account pays for; it needs no key.

    Every method may raise `ChainDown` and `ChainFault`.

    Args:
        chain: where to read.
        http: connections to providers.
        payer: the account.
        source: `source` of our data sets; empty if they carry none.
    """

    def __init__(self, chain: Chain, http: httpx.AsyncClient, payer: str, source: str) -> None:
        self._chain = chain
        self._http = http
        self._source = source
        self._urls: dict[int, str] = {}
        self.payer = payer

    async def holdings(self) -> Holdings:
        """Read all data sets of the payer, whatever their scope."""
        views = [v for v in await self._chain.data_sets_of(self.payer) if v.data_set_id]
        ours: list[HeldDataSet] = []
        ended: list[int] = []
        others = 0
        for start in range(0, len(views), _SETS_A_CALL):
            page = views[start : start + _SETS_A_CALL]
            details = await self._chain.data_set_details([view.data_set_id for view in page])
            for view, found in zip(page, details, strict=True):
                if not found.live:
                    ended.append(view.data_set_id)
                elif self._is_ours(found.listener, found.metadata.get("source", "")):
                    ours.append(await self._held(view, dict(found.metadata)))
                else:
                    others += 1
        ours.sort(key=lambda data_set: data_set.data_set_id)
        return Holdings(tuple(ours), others, tuple(ended))

    async def pieces(self, data_set: HeldDataSet) -> AsyncIterator[tuple[HeldPiece, ...]]:
        """Yield all live pieces of a data set, page by page: two requests a page."""
        start = 0
        while True:
            found = await self._chain.pieces_from(data_set.data_set_id, start, _PIECES_A_PAGE)
            if not found:
                return
            ids = [piece_id for piece_id, _ in found]
            pairs = await self._chain.piece_metadata(data_set.data_set_id, ids)
            yield tuple(
                _held_piece(piece_id, cid, kept)
                for (piece_id, cid), kept in zip(found, pairs, strict=True)
            )
            start = ids[-1] + 1

    async def providers(self) -> dict[int, HoldingProvider]:
        """Read the providers that can be asked for pieces."""
        found = await read_providers(self._chain)
        self._urls = {info.provider_id: info.service_url for info in found}
        return {
            info.provider_id: HoldingProvider(
                info.provider_id,
                info.address,
                ProviderHttp(self._http, info.service_url).url(piece_path("")),
            )
            for info in found
        }

    async def content(self, piece_cid: str, provider_ids: Sequence[int], most: int) -> bytes | None:
        """Return a piece's bytes, checked, from the first provider that has them; else None.

        A piece larger than ``most`` bytes is not fetched.
        """
        if PieceCid.parse(piece_cid).raw_size > most:
            _log.warning("%s is too large to be read at once", piece_cid)
            return None
        blocks: list[bytes] = []

        def take(block: bytes | None) -> None:
            blocks.append(block) if block is not None else blocks.clear()

        return b"".join(blocks) if await self._read(piece_cid, provider_ids, take) else None

    async def digest(self, piece_cid: str, provider_ids: Sequence[int]) -> str | None:
        """Return the SHA-256 of a piece's bytes in hex, read and checked; None if nobody has it."""
        hashed = hashlib.sha256()

        def take(block: bytes | None) -> None:
            nonlocal hashed
            if block is None:
                hashed = hashlib.sha256()
            else:
                hashed.update(block)

        return hashed.hexdigest() if await self._read(piece_cid, provider_ids, take) else None

    def _is_ours(self, listener: str, source: str) -> bool:
        return listener == self._chain.network.fwss and source == self._source

    async def _held(self, view: DataSetView, metadata: dict[str, str]) -> HeldDataSet:
        metadata.pop("source", None)
        return HeldDataSet(
            view.data_set_id,
            view.provider_id,
            tuple(sorted(metadata.items())),
            await self._chain.next_piece_id(view.data_set_id),
        )

    async def _read(self, piece_cid: str, provider_ids: Sequence[int], take: Take) -> bool:
        """Give all blocks of a piece to ``take``; None tells it to begin anew."""
        parsed = PieceCid.parse(piece_cid)
        for provider_id in dict.fromkeys(provider_ids):
            if (url := self._urls.get(provider_id)) is None:
                continue
            take(None)
            try:
                async with aclosing(read_piece(self._http, url, parsed)) as blocks:
                    async for block in blocks:
                        take(block)
            except (PieceNotFound, ProviderDown, ProviderFault) as error:
                _log.warning("provider %d: %s", provider_id, error.message)
            else:
                return True
        return False


@asynccontextmanager
async def open_inventory(settings: FilecoinSettings, payer: str) -> AsyncIterator[Inventory]:
    """Connect to the chain that the settings name, without any key.

    Raises:
        SettingsInvalid: the network is not described.
        WrongChain: an endpoint is on another chain.
        ChainDown: no RPC endpoint answers.
    """
    network = network_of(settings)
    rpc = Rpc(network.rpc_urls, network.chain_id)
    try:
        await rpc.check()
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, verify=trust()) as http:
            yield Inventory(Chain(rpc, network), http, payer, settings.source)
    finally:
        await rpc.close()


def _held_piece(piece_id: int, cid: bytes, pairs: dict[str, str]) -> HeldPiece:
    try:
        parsed = PieceCid.from_bytes(cid)
    except InvalidPieceCid as error:
        raise ChainFault(f"piece {piece_id} has no PieceCID v2: {error.message}") from error
    return HeldPiece(parsed.text, parsed.raw_size, piece_id, pairs)
