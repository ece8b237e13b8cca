"""The facade: everything a process does with Filecoin, over one pool of connections."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

import httpx

from vibesflow.errors import NoProvider, SettingsInvalid
from vibesflow.filecoin import readiness
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.commit_request import CommitRequest, Committed, Landed, PullState, Submitted
from vibesflow.filecoin.health import Health
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.networks import network_of
from vibesflow.filecoin.payer_side import PayerSide, own_transactions, payer_side
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
from vibesflow.filecoin.readiness import published
from vibesflow.filecoin.registry import ProviderInfo, read_providers
from vibesflow.filecoin.removals import PieceState, Removal
from vibesflow.filecoin.retrieval import piece_path, read_piece
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.selection import NO_PROVIDER_PAUSE_S, Selection, Wish
from vibesflow.filecoin.session_keys import SessionKeys
from vibesflow.filecoin.terminations import Termination
from vibesflow.filecoin.tls import trust
from vibesflow.filecoin.transactions import Transactions
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
        transactions: Transactions | None = None,
    ) -> None:
        self._rpc = rpc
        self._chain = chain
        self._http = http
        self._signer = signer
        self._providers = Cached(lambda: read_providers(chain), life_s=_PROVIDERS_LIFE_S)
        self._selection = Selection(self.ping)
        self._payments: Payments | None = None
        self._session_keys: SessionKeys | None = None
        self._own: PayerSide | None = None
        if signer is not None:
            self._own = payer_side(rpc, chain, signer, source, self._find, transactions)

    @classmethod
    async def open(cls, settings: FilecoinSettings, signer: Signer | None) -> FilecoinClient:
        """Connect to the chain that the settings name.

        Args:
            settings: network, endpoints, and the `source` of our data sets.
            signer: who pays; None for a process that only reads.

        Raises:
            SettingsInvalid: the network is not described.
            WrongChain: an endpoint is on another chain.
            ChainDown: no RPC endpoint answers.
        """
        network = network_of(settings)
        rpc = Rpc(network.rpc_urls, network.chain_id)
        try:
            await rpc.check()
        except BaseException:
            await rpc.close()
            raise
        http = httpx.AsyncClient(timeout=TIMEOUT, limits=_LIMITS, trust_env=False, verify=trust())
        chain = Chain(rpc, network)
        payer = signer.payer if signer else known_payer(settings)
        own = own_transactions(rpc, chain, signer)
        client = cls(rpc, chain, http, signer, settings.source, own)
        if payer is not None:
            client._payments = open_payments(settings, rpc, chain, payer, own)
            client._session_keys = SessionKeys(rpc, chain, payer, own)
        try:
            if client._own is not None:
                await client._own.guard.begin()
        except BaseException:
            await client.close()
            raise
        return client

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
        """The account that pays, in checksum form.

        Raises:
            SettingsInvalid: the client was opened without a key.
        """
        if self._signer is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: needed to sign and pay")
        return self._signer.payer

    async def providers(self) -> tuple[ProviderInfo, ...]:
        """Return all active PDP providers, approved and endorsed ones first; a minute old at most.

        Raises:
            ChainDown: the registry cannot be asked.
        """
        return await self._providers.get()

    async def ping(self, provider: ProviderInfo) -> None:
        """Return if the provider answers; raises `ProviderFault` or `ProviderDown` otherwise."""
        await self._client(provider).ping()

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
        with_data_set: frozenset[int] = frozenset()
        if self._own is not None:
            with_data_set = await self._own.scopes.of(scope).provider_ids()
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
        return await self._signing().pulls.pull(request, sources)

    async def missing(self, request: CommitRequest) -> tuple[str, ...]:
        """Tell which pieces of a request its provider says that it does not hold.

        Providers drop what nobody commits for about two hours; such pieces must be stored again.

        Raises:
            NoProvider: there is no such provider any more.
            ChainDown: the registry cannot be asked.
        """
        _, provider = await self._find(request.provider_id)
        found = await published(provider, [piece.piece_cid for piece in request.distinct_pieces])
        return tuple(cid for cid, held in found.items() if held is False)

    async def look(self, request: CommitRequest) -> Committed | None:
        """Tell from the chain alone whether the request has landed; see `Commits.look`."""
        return await self._signing().commits.look(request)

    async def landed(self, request: CommitRequest) -> Landed | None:
        """Tell from the chain alone what came of the request's nonce; see `Commits.landed`."""
        return await self._signing().commits.landed(request)

    async def submit(self, request: CommitRequest) -> Submitted:
        """Sign the request and have the provider send it; see `Commits.submit`."""
        return await self._signing().commits.submit(request)

    async def poll(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        """Ask how far a submitted request is; see `Commits.poll`."""
        return await self._signing().commits.poll(request, submitted)

    @property
    def health(self) -> Health:
        """How data sets and pieces stand on chain; needs no key."""
        return Health(self._chain)

    async def data_sets_in(self, scope: Metadata) -> dict[int, int]:
        """Return the data set of a scope that is added to, by provider; see `CommitRequest`."""
        usable = await self._signing().scopes.of(scope).data_sets.usable()
        return {provider_id: found.data_set_id for provider_id, found in usable.items()}

    @property
    def session_keys(self) -> SessionKeys:
        """The keys that may sign for the payer; only the payer's own key changes them.

        Raises:
            SettingsInvalid: nobody said who the payer is.
        """
        if self._session_keys is None:
            raise SettingsInvalid("VIBESFLOW_PAYER: needed to look at its session keys")
        return self._session_keys

    async def remove_pieces(self, data_set_id: int, piece_ids: Sequence[int]) -> Removal:
        """Have pieces removed from a data set; see `Removals.remove`."""
        return await self._signing().removals.remove(data_set_id, piece_ids)

    async def piece_states(
        self, data_set_id: int, piece_ids: Sequence[int]
    ) -> dict[int, PieceState]:
        """Tell which pieces a data set holds, and which are about to go."""
        return await self._signing().removals.states(data_set_id, piece_ids)

    async def terminate(self, data_set_id: int) -> Termination:
        """Have the provider end a data set's service at once; see `Terminations.ask`."""
        return await self._signing().terminations.ask(data_set_id)

    async def poll_termination(self, seen: Termination) -> Termination:
        """Ask how far the end of a data set is; see `Terminations.poll`."""
        return await self._signing().terminations.poll(seen)

    async def terminate_directly(self, data_set_id: int) -> Termination:
        """End a data set's service without its provider; see `Terminations.end_directly`."""
        return await self._signing().terminations.end_directly(data_set_id)

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

    def _signing(self) -> PayerSide:
        if self._own is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: needed to sign and pay")
        return self._own

    def _speak(self, provider: ProviderInfo) -> ProviderHttp:
        return ProviderHttp(self._http, provider.service_url)

    def _client(self, provider: ProviderInfo) -> Provider:
        return Provider(self._speak(provider))

    async def _find(self, provider_id: int) -> tuple[ProviderInfo, Provider]:
        for info in await self.providers():
            if info.provider_id == provider_id:
                return info, self._client(info)
        self._providers.forget()
        raise NoProvider(
            f"provider {provider_id} is not in the registry", retry_after_s=NO_PROVIDER_PAUSE_S
        )
