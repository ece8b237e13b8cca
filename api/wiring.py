"""Puts the real parts together as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.services import NetworkFacts, Services
from vibesflow.filecoin.devnet_info import load_devnet
from vibesflow.filecoin.networks import network_of
from vibesflow.filecoin.reading.opening import open_reader
from vibesflow.ingest import Receiver
from vibesflow.ledger import DynamoLedger
from vibesflow.query import StreamReader
from vibesflow.settings import FilecoinSettings, NetworkName, Settings
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
    streams = await StreamClient.connect(settings.temporal, settings.stream)
    staging = open_staging(settings.staging)
    ledger = DynamoLedger(settings.table)
    reader = StreamReader(ledger, streams, threads=settings.worker.table_threads)
    try:
        async with open_reader(settings.filecoin, settings.read, payer=facts.wallet) as pieces:
            yield Services(
                receiver=Receiver(staging, streams, max_bytes=settings.api.max_chunk_bytes),
                reader=reader,
                live=streams,
                staging=staging,
                network=facts,
                settings=settings.api,
                pieces=pieces,
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
        wallet=settings.payer or _devnet_payer(settings),
        warm_storage=network.fwss,
    )


def _devnet_payer(settings: FilecoinSettings) -> str | None:
    if settings.network is not NetworkName.DEVNET or settings.devnet_info is None:
        return None
    users = load_devnet(settings.devnet_info).info.users
    return users[0].evm_addr if users else None
