"""The parts that the HTTP door is built from, so that tests can put real ones together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.paying import WalletWatch
from vibesflow.access import Admission
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.ingest import Receiver
from vibesflow.query import LiveStreams, StreamCompleter, StreamReader, UploadReader
from vibesflow.query.retrying import StreamRetrier
from vibesflow.settings import ApiSettings
from vibesflow.staging.port import Staging


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What links and wallet fields need to know of the chain.

    Attributes:
        name: mainnet, calibration or devnet.
        wallet: the payer's address, or None when this process was not told.
        cdn_base: address that a PieceCID is appended to, or None when the network has no CDN or
            our data sets do not pay for it.
        warm_storage: address of the warm-storage contract, or None.
    """

    name: str
    wallet: str | None = None
    cdn_base: str | None = None
    warm_storage: str | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the routes call; they hold no business rule of their own."""

    receiver: Receiver
    reader: StreamReader
    live: LiveStreams
    staging: Staging
    network: NetworkFacts
    settings: ApiSettings
    pieces: PieceReader
    admission: Admission
    wallet: WalletWatch = field(default_factory=WalletWatch)
    clock: Callable[[], datetime] = field(default=_utc_now)

    @property
    def uploads(self) -> UploadReader:
        """Where single uploads stand."""
        return UploadReader(self.reader, self.staging)

    @property
    def completer(self) -> StreamCompleter:
        """Completes streams on request."""
        return StreamCompleter(self.reader, self.live)

    @property
    def retrier(self) -> StreamRetrier:
        """Has failed chunks tried again on request."""
        return StreamRetrier(self.reader, self.live)


def _services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(_services_of)]
"""A route's way to the services."""
