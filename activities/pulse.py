"""Heartbeats for activities that block: their own code has no moment to send one.

The worker's event loop sends them while a thread waits for the table, so a step of a worker that
died goes on elsewhere as soon as any other.
"""

from __future__ import annotations

import inspect

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.heart import Heart


class PulseInterceptor(Interceptor):
    """Sends heartbeats for every activity that is no coroutine and that a server waits for."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the heartbeats around each activity."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        # `activity.heartbeat` of a thread's activity waits for the loop, and would for ever on it.
        self._send = outbound.heartbeat
        super().init(outbound)

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002 - the SDK's name
        if inspect.iscoroutinefunction(input.fn) or activity.info().is_local:
            return await super().execute_activity(input)
        async with Heart(send=self._send):
            return await super().execute_activity(input)
