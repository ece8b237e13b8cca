"""What the audit asks of Filecoin and of running streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from vibesflow.data_set.orders import Pairs
from vibesflow.filecoin import ProviderInfo
from vibesflow.filecoin.chain_views import DataSetHealth
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.status import ChunkPage


class ChainHealth(Protocol):
    """How data sets and pieces stand on chain; see `vibesflow.filecoin.health.Health`."""

    async def data_sets(self, data_set_ids: Sequence[int]) -> dict[int, DataSetHealth]:
        """Read how each data set stands."""
        ...

    async def held(self, data_set_id: int, pieces: Mapping[int, str]) -> frozenset[int]:
        """Return the ids under which a live data set holds just these pieces."""
        ...

    async def find(self, data_set_id: int, piece_cid: str) -> int | None:
        """Return an id under which a live data set holds a piece."""
        ...


class AuditedFilecoin(Protocol):
    """What is audited; `vibesflow.filecoin.FilecoinClient` fulfils it."""

    @property
    def health(self) -> ChainHealth:
        """How things stand on chain."""
        ...

    async def providers(self) -> tuple[ProviderInfo, ...]:
        """Return all active providers."""
        ...

    async def data_sets_in(self, scope: Pairs) -> dict[int, int]:
        """Return the data set of a scope by provider."""
        ...

    def read(self, provider_url: str, piece_cid: str) -> AsyncGenerator[bytes, None]:
        """Yield a piece's bytes; the last block comes only if all were right."""
        ...

    def retrieval_url(self, provider: ProviderInfo, piece_cid: str) -> str:
        """Return the address under which the provider serves the piece."""
        ...

    def note_fault(self, provider_id: int) -> None:
        """Have a provider chosen last for a while."""
        ...


class RunningStreams(Protocol):
    """The streams' workflows; see `workflows.client.StreamClient`."""

    async def is_running(self, rta_id: str) -> bool:
        """Tell whether a run of the stream is open."""
        ...

    async def chunks(self, rta_id: str, *, offset: int = 0, limit: int = 1_000) -> ChunkPage | None:
        """Return chunks that the running stream still holds; None if it does not answer."""
        ...

    async def submit(self, chunk: ChunkRef) -> None:
        """Tell the stream of a chunk, starting its workflow if none runs."""
        ...
