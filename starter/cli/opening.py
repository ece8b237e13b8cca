"""The parts that commands read streams with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vibesflow.ledger import DynamoLedger
from vibesflow.query import StreamReader
from vibesflow.settings import Settings
from workflows.client import StreamClient


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams as the table has them and as they run."""

    reader: StreamReader
    live: StreamClient
    ledger: DynamoLedger


@asynccontextmanager
async def open_streams(settings: Settings) -> AsyncIterator[Streams]:
    """Connect to Temporal and the table.

    Raises:
        TemporalDown: no Temporal server answers.
    """
    live = await StreamClient.connect(settings.temporal, settings.stream)
    ledger = DynamoLedger(settings.table)
    reader = StreamReader(ledger, live)
    try:
        yield Streams(reader, live, ledger)
    finally:
        reader.close()
