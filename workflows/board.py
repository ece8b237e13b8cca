"""The pieces of work that a workflow has under way, by name, and whether to look at them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

Args = ParamSpec("Args")


class TaskBoard:
    """Starts named work at most once at a time and notices when any of it ends.

    Attributes:
        awake: something happened that the main loop has not looked at.
    """

    def __init__(self) -> None:
        self.awake = True
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._tasks

    def spawn(
        self,
        name: str,
        work: Callable[Args, Coroutine[Any, Any, None]],
        *args: Args.args,
        **kwargs: Args.kwargs,
    ) -> bool:
        """Start a named piece of work unless it is running; tell whether it was started."""
        if name in self._tasks:
            return False
        self._tasks[name] = asyncio.create_task(work(*args, **kwargs))
        self._tasks[name].add_done_callback(self.wake)
        return True

    def wake(self, _: object = None) -> None:
        """Have the main loop look again."""
        self.awake = True

    def reap(self) -> None:
        """Take ended work off the board; a fault in it is ours and fails the workflow task."""
        for name in [name for name, task in self._tasks.items() if task.done()]:
            self._tasks.pop(name).result()

    def named(self, prefix: str) -> list[str]:
        """Names of the work under way that begin so."""
        return [name for name in self._tasks if name.startswith(prefix)]

    def besides(self, *prefixes: str) -> list[str]:
        """Names of the work under way that begin with none of these."""
        return [name for name in self._tasks if not name.startswith(prefixes)]
