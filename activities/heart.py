"""Heartbeats that go on while an activity waits for somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from pydantic import BaseModel
from temporalio import activity

BEAT_S = 10.0
"""The SDK sends at most one in 24 s of them; a dead worker is noticed within 30 s."""


Details = TypeVar("Details", bound=BaseModel)


def remembered(kind: type[Details]) -> Details | None:
    """Return what the attempt before this one sent last, if anything arrived."""
    details = activity.info().heartbeat_details
    return kind.model_validate(details[0]) if details else None


class Heart:
    """Repeats the last details, so that another attempt finds them whenever this one dies.

    Args:
        details: what is sent until there are others.
        send: what sends them; must be called on the worker's event loop.
    """

    def __init__(
        self,
        details: BaseModel | None = None,
        *,
        send: Callable[..., None] = activity.heartbeat,
    ) -> None:
        self._details = details
        self._send = send
        self._task: asyncio.Task[None] | None = None

    def beat(self, details: BaseModel) -> None:
        """Send new details."""
        self._details = details
        self._send(details)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self._send(*([self._details] if self._details else []))
