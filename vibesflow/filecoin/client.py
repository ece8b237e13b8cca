"""The facade: everything a process does with Filecoin, over one pool of connections."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

import httpx

from vibesflow.errors import NoProvider, SettingsInvalid
from vibesflow.filecoin import readiness
from vibesflow.filecoin.authorizing import Authorizer
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.commit_request import CommitRequest, Committed, PullState, Submitted
from vibesflow.filecoin.commits import Commits
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.networks import network_of
from vibesflow.filecoin.payments.funding import Funding
from vibesflow.filecoin.payments.opening import known_payer, open_payments
from vibesflow.filecoin.payments.preflight import Preflight
from vibesflow.filecoin.payments.quote import Quote
from vibesflow.filecoin.payments.service import Payments
from vibesflow.filecoin.payments.wallet import WalletStatus
from vibesflow.filecoin.payments.wishes import StorageWish
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_http import TIMEOUT, ProviderHttp
from vibesflow.filecoin.pulling import Pulls
from vibesflow.filecoin.registry import ProviderInfo, read_providers
from vibesflow.filecoin.retrieval import piece_path, read_piece
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.scopes import Scopes
from vibesflow.filecoin.selection import NO_PROVIDER_PAUSE_S, Selection, Wish
from vibesflow.filecoin.upload import OnProgress, OpenSource, upload
from vibesflow.settings import FilecoinSettings

_PROVIDERS_LIFE_S: Final = 60.0
_LIMITS: Final = httpx.Limits(max_connections=256, max_keepalive_connections=64)


class FilecoinClient:
    """Stores pieces with providers and commits them on chain, for one payer.

    One per process and event loop; safe to use from many tasks at once. Use it as an
    ``async with`` block, or call `close`.
    """

    def __init__(
        self,
        rpc: Rpc,
        chain: Chain,
        http: httpx.AsyncClient,
        signer: Signer | None,
        source: str,
        payments: Payments | None = None,
    ) -> None:
        self._rpc = rpc
        self._chain = chain
        self._http = http
        self._signer = signer
        self._providers = Cached(lambda: read_providers(chain), life_s=_PROVIDERS_LIFE_S)
        self._selection = Selection(self._ping)
        self._commits: Commits | None = None
        self._pulls: Pulls | None = None
        self._scopes: Scopes | None = None
        self._payments = payments
        if signer is not None:
            self._scopes = Scopes(chain, signer, source)
            authorizer = Authorizer(chain, signer.address, self._scopes, self._find)
            self._commits = Commits(chain, authorizer)
            self._pulls = Pulls(authorizer, chain.network.fwss)

    @classmethod
    async def open(cls, settings: FilecoinSettings, signer: Signer | None) -> FilecoinClient:
        """Connect to the chain that the settings name.

        Args:
            settings: network, endpoints, and the `source` of our data sets.
            signer: who pays; None for a process that only reads.

        Raises:
            SettingsInvalid: the network is not described, or the endpoint is on another chain.
            ChainDown: no RPC endpoint answers.
        """
        network = network_of(settings)
        rpc = Rpc(network.rpc_urls, network.chain_id)
        try:
            await rpc.check()
        except BaseException:
            await rpc.close()
            raise
        http = httpx.AsyncClient(timeout=TIMEOUT, limits=_LIMITS, trust_env=False)
        chain = Chain(rpc, network)
        payer = signer.address if signer else known_payer(settings)
        payments = open_payments(settings, rpc, chain, payer, signer) if payer else None
        return cls(rpc, chain, http, signer, settings.source, payments)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()
        await self._rpc.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def payer(self) -> str:
        """The account that signs and pays, in checksum form.

        Raises:
            SettingsInvalid: the client was opened without a key.
        """
        if self._signer is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: needed to sign and pay")
        return self._signer.address

    async def providers(self) -> tuple[ProviderInfo, ...]:
        """Return all active PDP providers, approved and endorsed ones first; a minute old at most.

        Raises:
            ChainDown: the registry cannot be asked.
        """
        return await self._providers.get()

    async def choose_provider(
        self, *, preferred: int | None = None, exclude: frozenset[int] = frozenset()
    ) -> ProviderInfo:
        """Return an approved provider that answers.

        Args:
            preferred: id of the one to take if it will do.
            exclude: ids of those that will not do.

        Raises:
            NoProvider: there is none; the message has each one's fault.
            ChainDown: the registry cannot be asked.
        """
        first, *_ = await self.choose_copies(
            1, preferred=() if preferred is None else (preferred,), exclude=exclude
        )
        return first

    async def choose_copies(
        self,
        count: int,
        *,
        preferred: Sequence[int] = (),
        exclude: frozenset[int] = frozenset(),
        size_bytes: int | None = None,
        scope: Metadata = (),
    ) -> tuple[ProviderInfo, ...]:
        """Return approved providers that answer, the one for the first copy before the others.

        Those in `preferred` come first, then those with a data set of the scope, then endorsed
        ones; those with recent faults come last.

        Args:
            count: how many; fewer come back when there are no more.
            preferred: ids of those to take if they will do, best first.
            exclude: ids of those that will not do.
            size_bytes: length of the payload, for providers that limit it.
            scope: as in `CommitRequest`.

        Raises:
            NoProvider: there is none; the message has each one's fault.
            ChainDown: the registry cannot be asked.
        """
        providers = await self.providers()
        with_data_set = await self._scopes.of(scope).provider_ids() if self._scopes else frozenset()
        wish = Wish(count, tuple(preferred), exclude, size_bytes, with_data_set)
        return await self._selection.choose(providers, wish)

    def note_fault(self, provider_id: int) -> None:
        """Choose the provider last for a minute, and for longer each time it happens again."""
        self._selection.cooldowns.note_fault(provider_id)

    def note_success(self, provider_id: int) -> None:
        """Forget the provider's faults."""
        self._selection.cooldowns.note_success(provider_id)

    async def store(
        self,
        provider: ProviderInfo,
        open_source: OpenSource,
        *,
        on_progress: OnProgress | None = None,
    ) -> PieceCid:
        """Bring a payload to a provider in one try, hashing it on the way.

        Args:
            provider: where to.
            open_source: opens the payload at its beginning.
            on_progress: told the bytes handed over so far, after every block.

        Returns:
            The piece, on which we and the provider agree. It is published some seconds later.

        Raises:
            InvalidInput: the payload is smaller or larger than providers take.
            ProviderLied: the provider computed another PieceCID.
            ProviderFault: the provider refused, is busy or lost the session.
            ProviderDown: the provider does not answer.
        """
        return await upload(self._client(provider), open_source, on_progress=on_progress)

    async def is_ready(self, provider: ProviderInfo, piece_cid: str) -> bool:
        """Tell whether the provider has stored and published the piece."""
        return await self._client(provider).has_piece(PieceCid.parse(piece_cid))

    async def wait_ready(
        self,
        provider: ProviderInfo,
        piece_cid: str,
        *,
        timeout_s: float,
        on_poll: Callable[[], None] | None = None,
    ) -> None:
        """Return once the provider has published the piece.

        Raises:
            PieceNotReady: it has not within the time.
        """
        await readiness.wait_ready(
            self._client(provider),
            PieceCid.parse(piece_cid),
            timeout_s=timeout_s,
            on_poll=on_poll,
        )

    async def pull(
        self, request: CommitRequest, sources: Mapping[str, str]
    ) -> dict[str, PullState]:
        """Have the request's provider fetch its pieces from others; see `Pulls.pull`."""
        if self._pulls is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: needed to sign and pay")
        return await self._pulls.pull(request, sources)

    async def look(self, request: CommitRequest) -> Committed | None:
        """Tell from the chain alone whether the request has landed; see `Commits.look`."""
        return await self._committing().look(request)

    async def submit(self, request: CommitRequest) -> Submitted:
        """Sign the request and have the provider send it; see `Commits.submit`."""
        return await self._committing().submit(request)

    async def poll(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        """Ask how far a submitted request is; see `Commits.poll`."""
        return await self._committing().poll(request, submitted)

    def read(self, provider_url: str, piece_cid: str) -> AsyncGenerator[bytes, None]:
        """Yield a piece's bytes from a provider; the last block comes only if all were right.

        Raises:
            InvalidPieceCid: the text is no PieceCID.
            PieceNotFound: the provider does not hold the piece.
            ProviderLied: the bytes are not the piece's.
            ProviderFault: the provider refuses or is busy.
            ProviderDown: the provider does not answer, or stopped on the way.
        """
        return read_piece(self._http, provider_url, PieceCid.parse(piece_cid))

    def retrieval_url(self, provider: ProviderInfo, piece_cid: str) -> str:
        """Return the address under which the provider serves the piece."""
        return self._speak(provider).url(piece_path(piece_cid))

    @property
    def payments(self) -> Payments:
        """The payer's payments, all of them; the methods below are those used most.

        Raises:
            SettingsInvalid: nobody said who pays.
        """
        if self._payments is None:
            raise SettingsInvalid("VIBESFLOW_PAYER or VIBESFLOW_PRIVATE_KEY: who pays is not known")
        return self._payments

    async def wallet(self) -> WalletStatus:
        """Read what the payer has; see `Payments.wallet`."""
        return await self.payments.wallet()

    async def quote(self, wish: StorageWish) -> Quote:
        """Price what shall be stored; see `Payments.quote`."""
        return await self.payments.quote(wish)

    async def preflight(
        self, sizes: Sequence[int], provider_id: int, *, scope: Metadata = ()
    ) -> Preflight:
        """Tell whether a commit of pieces of these sizes can be paid; see `Payments.preflight`."""
        return await self.payments.preflight(sizes, provider_id, scope=scope)

    async def fund(self, need: StorageWish | int) -> Funding:
        """Deposit and approve what a need takes, once; see `Payments.fund`."""
        return await self.payments.fund(need)

    def _committing(self) -> Commits:
        if self._commits is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: needed to sign and pay")
        return self._commits

    def _speak(self, provider: ProviderInfo) -> ProviderHttp:
        return ProviderHttp(self._http, provider.service_url)

    def _client(self, provider: ProviderInfo) -> Provider:
        return Provider(self._speak(provider))

    async def _ping(self, provider: ProviderInfo) -> None:
        await self._client(provider).ping()

    async def _find(self, provider_id: int) -> tuple[ProviderInfo, Provider]:
        for info in await self.providers():
            if info.provider_id == provider_id:
                return info, self._client(info)
        self._providers.forget()
        raise NoProvider(
            f"provider {provider_id} is not in the registry", retry_after_s=NO_PROVIDER_PAUSE_S
        )
