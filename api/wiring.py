"""Puts the real parts together as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.paying import WalletWatch
from api.services import NetworkFacts, Services
from vibesflow.access import Admission
from vibesflow.filecoin import FilecoinClient, known_payer
from vibesflow.filecoin.networks import network_of
from vibesflow.filecoin.reading.opening import open_reader
from vibesflow.ingest import Receiver
from vibesflow.ledger import DynamoLedger
from vibesflow.query import StreamReader
from vibesflow.settings import FilecoinSettings, Settings
from vibesflow.staging import open_staging
from workflows.client import StreamClient


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open what the door needs and close it again. No key is read: the door signs nothing.

    Raises:
        SettingsInvalid: the devnet's export is missing or malformed.
        TemporalDown: no Temporal server answers.
    """
    facts = network_facts(settings.filecoin)
    gateway = settings.filecoin.ipfs_gateway or settings.pinning.reading_gateway
    sources = settings.filecoin.model_copy(update={"ipfs_gateway": gateway})
    streams = await StreamClient.connect(settings.temporal, settings.stream)
    staging = open_staging(settings.staging)
    ledger = DynamoLedger(settings.table)
    reader = StreamReader(ledger, streams, threads=settings.worker.table_threads)
    try:
        async with (
            open_reader(sources, settings.read, payer=facts.wallet) as pieces,
            wallet_watch(settings.filecoin, facts.wallet) as wallet,
        ):
            yield Services(
                receiver=Receiver(staging, streams, max_bytes=settings.api.max_chunk_bytes),
                reader=reader,
                live=streams,
                staging=staging,
                network=facts,
                settings=settings.api,
                pieces=pieces,
                admission=Admission(settings.access, settings.api),
                wallet=wallet,
            )
    finally:
        reader.close()


def network_facts(settings: FilecoinSettings) -> NetworkFacts:
    """Return what links and wallet fields need of the network, without asking the chain.

    Raises:
        SettingsInvalid: the devnet's export is missing or malformed.
    """
    network = network_of(settings)
    return NetworkFacts(
        name=network.name,
        wallet=known_payer(settings),
        warm_storage=network.fwss,
    )


def wallet_watch(settings: FilecoinSettings, payer: str | None) -> WalletWatch:
    """Return what reads the payer's wallet; the chain may be down, and nothing waits for it."""

    async def connect() -> FilecoinClient:
        return await FilecoinClient.open(settings, None)

    return WalletWatch(connect if payer else None)
