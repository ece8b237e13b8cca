"""Providers and a chain in memory, with faults on order; fulfils `activities.ports`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from activities.ports import OpenSource
from vibesflow.data_set.orders import Pairs
from vibesflow.errors import (
    CommitUnknown,
    InsufficientFunds,
    NoProvider,
    PieceNotFound,
    ProviderDown,
    ProviderLied,
    ProviderRefused,
    TransactionFailed,
    VibesflowError,
)
from vibesflow.filecoin import (
    CommitRequest,
    Committed,
    Landed,
    PieceCid,
    PieceHasher,
    ProviderInfo,
    PullState,
    Submitted,
    piece_cid_of,
)
from vibesflow.filecoin.chain_views import DataSetHealth


def make_provider(provider_id: int) -> ProviderInfo:
    return ProviderInfo(
        provider_id=provider_id,
        name=f"provider {provider_id}",
        address="0x" + f"{provider_id:040x}",
        payee="0x" + f"{provider_id:040x}",
        service_url=f"http://provider-{provider_id}.test",
        location="C=DE",
        min_piece_size_bytes=127,
        max_piece_size_bytes=2**30,
        approved=True,
        endorsed=True,
    )


class MemoryFilecoin:
    """Attributes that tests set:

    store_faults: errors that the next stores raise, in order.
    store_open: cleared, stores hang until it is set.
    chain_open: False, nothing is confirmed.
    full: providers that take nothing.
    refuses_pulls: providers that look well and fail every pull.
    never_publishes: providers that call pulls complete and never find the pieces.
    dead_to_commits: providers that do not answer when they are to commit.
    sends_late: providers that take a commit, and neither send it nor answer until they leave this.
    fails_transactions: providers whose transactions land and fail.
    never_mines: providers whose transactions do not land.
    sees_no_receipts: providers that call their transactions pending for ever.
    wallet_is_empty: commits are refused for want of money.
    confirm_after_s: how long the chain takes otherwise.
    commit_faults: errors that the next submissions raise, in order.
    silent: providers that do not answer when a piece is read.
    believes_its_books: providers that pull nothing that their data set holds.
    health_of: how data sets stand, where they do not stand well; their ids are their providers'.
    pieces: bytes by (provider, PieceCID); deleting some is a lost disk.
    """

    def __init__(self) -> None:
        self.known = {n: make_provider(n) for n in (1, 2, 3)}
        self.store_faults: list[VibesflowError] = []
        self.commit_faults: list[VibesflowError] = []
        self.store_open = asyncio.Event()
        self.store_open.set()
        self.chain_open = True
        self.full: set[int] = set()
        self.refuses_pulls: set[int] = set()
        self.never_publishes: set[int] = set()
        self.dead_to_commits: set[int] = set()
        self.sends_late: set[int] = set()
        self.fails_transactions: set[int] = set()
        self.sees_no_receipts: set[int] = set()
        self.never_mines: set[int] = set()
        self.wallet_is_empty = False
        self.silent: set[int] = set()
        self.believes_its_books: set[int] = set()
        self.health_of: dict[int, DataSetHealth] = {}
        self.reads: Counter[str] = Counter()
        self.faulty: list[int] = []
        self.commits: list[CommitRequest] = []
        self.refused_commits = 0
        self.confirm_after_s = 0.0
        self.stores: Counter[str] = Counter()
        self.paid: Counter[tuple[int, str]] = Counter()
        self.pieces: dict[tuple[int, str], bytes] = {}
        self._landed: dict[int, Committed] = {}
        self._pending: dict[int, tuple[float, CommitRequest, list[str]]] = {}
        self.ids: dict[tuple[int, str], int] = {}

    async def choose_provider(
        self, *, preferred: int | None = None, exclude: frozenset[int] = frozenset()
    ) -> ProviderInfo:
        left = [p for i, p in self.known.items() if i not in exclude | self.full]
        if not left:
            raise NoProvider("no provider answers", retry_after_s=5)
        return next((p for p in left if p.provider_id == preferred), left[0])

    async def choose_copies(
        self,
        count: int,
        *,
        preferred: Sequence[int] = (),
        exclude: frozenset[int] = frozenset(),
        size_bytes: int | None = None,
    ) -> tuple[ProviderInfo, ...]:
        left = [p for i, p in self.known.items() if i not in exclude | self.full]
        if not left:
            raise NoProvider("no provider answers", retry_after_s=5)
        left.sort(key=lambda p: p.provider_id in self.faulty)
        return tuple(left[:count])

    def note_fault(self, provider_id: int) -> None:
        self.faulty.append(provider_id)

    async def pull(
        self, request: CommitRequest, sources: Mapping[str, str]
    ) -> dict[str, PullState]:
        states = {}
        for cid in sources:
            held = next((data for (_, c), data in self.pieces.items() if c == cid), None)
            if held is None or request.provider_id in self.full | self.refuses_pulls:
                states[cid] = PullState.FAILED
            elif request.provider_id in self.believes_its_books and self._lists(request, cid):
                states[cid] = PullState.COMPLETE
            elif request.provider_id in self.never_publishes:
                states[cid] = PullState.UNPUBLISHED
            else:
                self.pieces[request.provider_id, cid] = held
                states[cid] = PullState.COMPLETE
        return states

    async def store(
        self,
        provider: ProviderInfo,
        open_source: OpenSource,
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> PieceCid:
        await self.store_open.wait()
        if self.store_faults:
            raise self.store_faults.pop(0)
        hasher, data = PieceHasher(), b""
        async for block in open_source():
            hasher.update(block)
            data += block
            if on_progress:
                on_progress(len(data))
        piece_cid = hasher.piece_cid()
        self.stores[piece_cid.text] += 1
        self.pieces[provider.provider_id, piece_cid.text] = data
        return piece_cid

    async def is_ready(self, provider: ProviderInfo, piece_cid: str) -> bool:
        return (provider.provider_id, piece_cid) in self.pieces

    async def wait_ready(
        self,
        provider: ProviderInfo,
        piece_cid: str,
        *,
        timeout_s: float,
        on_poll: Callable[[], None] | None = None,
    ) -> None:
        return

    def retrieval_url(self, provider: ProviderInfo, piece_cid: str) -> str:
        return f"{provider.service_url}/piece/{piece_cid}"

    async def preflight(
        self, sizes: Sequence[int], provider_id: int, *, scope: Pairs = ()
    ) -> MemoryFilecoin:
        return self

    def require(self) -> None:
        if self.wallet_is_empty:
            raise InsufficientFunds("0.02 USDFC are missing in Filecoin Pay")

    async def missing(self, request: CommitRequest) -> tuple[str, ...]:
        cids = [piece.piece_cid for piece in request.pieces]
        return tuple(cid for cid in cids if (request.provider_id, cid) not in self.pieces)

    def drop(self, provider_id: int) -> int:
        """Have a provider drop what it holds and nobody committed; returns how many pieces."""
        gone = [k for k in self.pieces if k[0] == provider_id and k not in self.paid]
        for key in gone:
            del self.pieces[key]
        return len(gone)

    def _lists(self, request: CommitRequest, cid: str) -> bool:
        return (request.provider_id, cid) in self.ids

    @property
    def health(self) -> MemoryHealth:
        return MemoryHealth(self.ids, self.health_of)

    async def providers(self) -> tuple[ProviderInfo, ...]:
        return tuple(self.known.values())

    async def data_sets_in(self, scope: Pairs) -> dict[int, int]:
        return {n: n for n in self.known if any(provider == n for provider, _ in self.ids)}

    async def read(self, provider_url: str, piece_cid: str) -> AsyncGenerator[bytes, None]:
        self.reads[provider_url] += 1
        (provider_id,) = [n for n, p in self.known.items() if p.service_url == provider_url]
        if provider_id in self.silent:
            raise ProviderDown("connection refused")
        data = self.pieces.get((provider_id, piece_cid))
        if data is None:
            raise PieceNotFound("404")
        if piece_cid_of(data).text != piece_cid:
            raise ProviderLied("other bytes")
        yield data

    async def look(self, request: CommitRequest) -> Committed | None:
        self._mine()
        return self._landed.get(request.nonce)

    async def submit(self, request: CommitRequest) -> Submitted:
        if self.commit_faults:
            raise self.commit_faults.pop(0)
        if request.provider_id in self.dead_to_commits:
            raise ProviderDown("connection refused")
        if [cid for cid in await self.missing(request) if not self._lists(request, cid)]:
            self.refused_commits += 1
            raise ProviderRefused("subPiece CID not found or does not belong to service")
        if not any(c.nonce == request.nonce for c in self.commits):
            self.commits.append(request)
        if request.provider_id in self.fails_transactions:
            return Submitted(tx_hash="0xbad", data_set_id=None)
        added = [p.piece_cid for p in request.pieces if not self._lists(request, p.piece_cid)]
        self._pending.setdefault(request.nonce, (time.monotonic(), request, added))
        if request.provider_id in self.sends_late:
            raise CommitUnknown("the answer got lost")
        known = (await self.data_sets_in(request.scope)).get(request.provider_id)
        return Submitted(tx_hash=f"0x{request.nonce:064x}", data_set_id=known)

    async def landed(self, request: CommitRequest) -> Landed | None:
        self._mine()
        if request.nonce not in self._landed:
            return None
        ids = {
            p.piece_cid: self.ids.get((request.provider_id, p.piece_cid)) for p in request.pieces
        }
        found = {cid: piece_id for cid, piece_id in ids.items() if piece_id is not None}
        return Landed(data_set_id=request.provider_id, piece_ids=found)

    async def poll(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        if request.provider_id in self.sends_late:
            raise ProviderDown("connection refused")
        if request.provider_id in self.sees_no_receipts:
            return None
        if submitted.tx_hash == "0xbad":
            raise TransactionFailed("0xbad failed")
        return await self.look(request)

    def _mine(self) -> None:
        if not self.chain_open:
            return
        for nonce, (sent, request, added) in list(self._pending.items()):
            late = request.provider_id in self.sends_late | self.never_mines
            if late or time.monotonic() < sent + self.confirm_after_s:
                continue
            for piece_cid in added:  # a data set may hold a piece twice, and each is paid
                self.ids.setdefault((request.provider_id, piece_cid), len(self.ids))
                self.paid[request.provider_id, piece_cid] += 1
            ids = tuple(self.ids[request.provider_id, p.piece_cid] for p in request.pieces)
            self._landed[nonce] = Committed(
                data_set_id=request.provider_id, piece_ids=ids, tx_hash=f"0x{nonce:064x}"
            )
            del self._pending[nonce]


class MemoryHealth:
    """The chain of `MemoryFilecoin` as an audit asks it."""

    def __init__(
        self, ids: Mapping[tuple[int, str], int], health_of: Mapping[int, DataSetHealth]
    ) -> None:
        self._ids = ids
        self._health_of = health_of

    async def data_sets(self, data_set_ids: Sequence[int]) -> dict[int, DataSetHealth]:
        well = DataSetHealth(live=True, end_epoch=0, overdue_epochs=0)
        return {n: self._health_of.get(n, well) for n in data_set_ids}

    async def held(self, data_set_id: int, pieces: Mapping[int, str]) -> frozenset[int]:
        return frozenset(i for i, c in pieces.items() if self._ids.get((data_set_id, c)) == i)

    async def find(self, data_set_id: int, piece_cid: str) -> int | None:
        return self._ids.get((data_set_id, piece_cid))
