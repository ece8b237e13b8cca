"""Ctrl-C during a recording: the first ends it in order, the second at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event

from starter.cli.output import Output

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the person asked to stop; ``event`` also ends the recording's thread."""

    def __init__(self, task: asyncio.Task[object], out: Output) -> None:
        self.event = Event()
        self._came = asyncio.Event()
        self._task = task
        self._out = out

    @property
    def asked(self) -> bool:
        """Tell whether a signal has come."""
        return self._came.is_set()

    async def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the first signal."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._came.wait(), max(seconds, 0))

    def ask(self) -> None:
        """Take one signal."""
        if self.asked:
            self._task.cancel()
            return
        self._came.set()
        self.event.set()
        self._out.aside("Stopping: what is recorded is being sent. Ctrl-C again leaves at once.")


@contextmanager
def graceful_stop(out: Output) -> Iterator[Stop]:
    """Catch SIGINT and SIGTERM while the block runs.

    Raises:
        KeyboardInterrupt: the second signal came.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("signals can only be caught inside a task")
    stop = Stop(task, out)
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.ask)
    try:
        yield stop
    except asyncio.CancelledError:
        if stop.asked:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
