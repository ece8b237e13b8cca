"""Work that callers at the same time share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class Shared(Generic[_Result]):
    """Runs one piece of work for each key, however many wait for it.

    Work that was begun is finished even if all who waited have left, because the next one asks
    for the same.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[_Result]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._running

    async def join(self, key: Hashable, start: Callable[[], Awaitable[_Result]]) -> _Result:
        """Return what the work under the key returns, starting it if nobody has."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(_run(start))
            self._running[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel all work and wait until it has stopped."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, key: Hashable, task: asyncio.Task[_Result]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # whoever still waits is told; nobody has to be there


async def _run(start: Callable[[], Awaitable[_Result]]) -> _Result:
    return await start()
