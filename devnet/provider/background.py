"""Work that goes on beside the requests, and the sweeping of what nobody wants any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)
_PAUSE_AFTER_FAULT_S = 1.0


async def keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """Run endless work; a fault in it is logged and the work begins again."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - one bad pass must not end the provider's work
            _log.exception("background work failed and begins again")
            await asyncio.sleep(_PAUSE_AFTER_FAULT_S)


async def every(period_s: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do something now and after every period."""
    while True:
        await work()
        await asyncio.sleep(period_s)
