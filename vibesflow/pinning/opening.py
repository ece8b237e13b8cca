"""A pinning service as the settings say, or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vibesflow.pinning.pinata import PinataClient
from vibesflow.settings import PinningSettings


@asynccontextmanager
async def open_pinning(settings: PinningSettings) -> AsyncIterator[PinataClient | None]:
    """Open the service's client; None where no token is set, and nothing is ever pinned."""
    if settings.token is None:
        yield None
        return
    client = PinataClient(settings, settings.token.get_secret_value())
    try:
        yield client
    finally:
        await client.close()
