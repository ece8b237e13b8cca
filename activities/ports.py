"""What activities ask of Filecoin; `vibesflow.filecoin.FilecoinClient` fulfils all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from vibesflow.data_set.orders import Pairs, PieceOrder
from vibesflow.filecoin import (
    CommitRequest,
    Committed,
    Landed,
    PieceCid,
    ProviderInfo,
    PullState,
    Submitted,
)

OpenSource = Callable[[], AsyncIterator[bytes]]


class PieceStore(Protocol):
    """Storing bytes with providers."""

    async def choose_provider(
        self, *, preferred: int | None = None, exclude: frozenset[int] = frozenset()
    ) -> ProviderInfo:
        """Return a reachable provider; raise `NoProvider` when there is none."""
        ...

    async def choose_copies(
        self,
        count: int,
        *,
        preferred: Sequence[int] = (),
        exclude: frozenset[int] = frozenset(),
        size_bytes: int | None = None,
    ) -> tuple[ProviderInfo, ...]:
        """Return at most so many reachable providers; raise `NoProvider` when there is none."""
        ...

    def note_fault(self, provider_id: int) -> None:
        """Have a provider chosen last for a while."""
        ...

    async def store(
        self,
        provider: ProviderInfo,
        open_source: OpenSource,
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> PieceCid:
        """Stream the bytes to the provider and return their PieceCID, checked on both sides."""
        ...

    async def is_ready(self, provider: ProviderInfo, piece_cid: str) -> bool:
        """Tell whether the provider can serve the piece."""
        ...

    async def wait_ready(
        self,
        provider: ProviderInfo,
        piece_cid: str,
        *,
        timeout_s: float,
        on_poll: Callable[[], None] | None = None,
    ) -> None:
        """Return once the provider can serve the piece; raise `PieceNotReady` after the time."""
        ...

    def retrieval_url(self, provider: ProviderInfo, piece_cid: str) -> str:
        """Return the address under which the provider serves the piece."""
        ...


class Registry(Protocol):
    """What the chain says of providers and of our data sets."""

    async def providers(self) -> tuple[ProviderInfo, ...]:
        """Return all active providers."""
        ...

    async def data_sets_in(self, scope: Pairs) -> dict[int, int]:
        """Return the data set of a scope that pieces will be added to, by provider."""
        ...

    def retrieval_url(self, provider: ProviderInfo, piece_cid: str) -> str:
        """Return the address of a piece at a provider; without a PieceCID, what all begin with."""
        ...


class Judgement(Protocol):
    """Whether an upload can be paid."""

    def require(self) -> None:
        """Return if it can; raise `InsufficientFunds` or `ApprovalMissing` if not."""
        ...


class Committer(Protocol):
    """Putting stored pieces on chain."""

    async def preflight(
        self, sizes: Sequence[int], provider_id: int, *, scope: Pairs = ()
    ) -> Judgement:
        """Judge from the chain alone whether pieces of these sizes can be paid."""
        ...

    def note_fault(self, provider_id: int) -> None:
        """Have a provider chosen last for a while."""
        ...

    async def pull(
        self, request: CommitRequest, sources: Mapping[str, str]
    ) -> dict[str, PullState]:
        """Ask the provider to fetch pieces, or how far it is; one call is one poll."""
        ...

    async def missing(self, request: CommitRequest) -> tuple[str, ...]:
        """Tell which pieces of the request its provider says that it does not hold."""
        ...

    async def look(self, request: CommitRequest) -> Committed | None:
        """Tell from the chain alone whether the request's nonce has landed."""
        ...

    async def landed(self, request: CommitRequest) -> Landed | None:
        """Tell from the chain alone what came of the request's nonce; None if nothing yet."""
        ...

    async def submit(self, request: CommitRequest) -> Submitted:
        """Sign and send; the chain refuses a nonce that was used."""
        ...

    async def poll(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        """Ask the provider for the receipt; None while there is none."""
        ...


class DataSetOrders(Protocol):
    """Telling a data set's workflow; see `workflows.client.DataSetClient`."""

    async def order(self, provider_id: int, orders: Sequence[PieceOrder], *, creator: str) -> None:
        """Return once the data set has accepted orders of one stream.

        Raises:
            TemporalDown: it has not, or nobody knows.
        """
        ...

    def scope_of(self, rta_id: str, creator: str) -> Pairs:
        """Return the pairs that tell a stream's data sets from others."""
        ...
