"""Ending long commands: Ctrl-C, SIGTERM and a closed terminal cancel the work, not its clean-up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

Result = TypeVar("Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_interrupted(work: Coroutine[object, object, Result]) -> Result | None:
    """Run the work to its end, or until a signal comes; None when one came.

    A second signal interrupts the clean-up as well.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    came = asyncio.Event()

    def interrupt() -> None:
        came.set()
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if came.is_set():
            return None
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
