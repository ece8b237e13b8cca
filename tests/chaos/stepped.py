"""A port whose calls pass a point before and after; everything else goes through untouched."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from tests.chaos.points import Tripwire

StepName = str | Callable[[], str]
"""The step's name, or a function that tells it while the call is made."""


class Stepped:
    """Stands in for a port.

    Args:
        port: who does the work.
        wire: told of every point.
        steps: names of steps, by the method that is the step.
        eager: methods that answer None as long as the step is not done; only another answer
            is the point behind it.
    """

    def __init__(
        self,
        port: Any,
        wire: Tripwire,
        steps: Mapping[str, StepName],
        *,
        eager: frozenset[str] = frozenset(),
    ) -> None:
        self._port = port
        self._wire = wire
        self._steps = steps
        self._eager = eager

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        step = self._steps.get(name)
        if step is None:
            return method
        around = self._around_async if inspect.iscoroutinefunction(method) else self._around
        return around(method, step, is_eager=name in self._eager)

    def _around_async(self, method: Any, step: StepName, *, is_eager: bool) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            name = step if isinstance(step, str) else step()
            self._wire.reached(f"{name}.before")
            answer = await method(*args, **kwargs)
            if answer is not None or not is_eager:
                self._wire.reached(f"{name}.after")
            return answer

        return call

    def _around(self, method: Any, step: StepName, *, is_eager: bool) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            name = step if isinstance(step, str) else step()
            self._wire.reached(f"{name}.before")
            answer = method(*args, **kwargs)
            if answer is not None or not is_eager:
                self._wire.reached(f"{name}.after")
            return answer

        return call


def stepped_receiver(receiver_of: Any, staging: Any, submitter: Any, wire: Tripwire) -> Any:
    """Return a receiver whose steps are points: receive, and within it stage and signal."""
    receiver = receiver_of(
        Stepped(staging, wire, {"stage": "stage"}), Stepped(submitter, wire, {"submit": "signal"})
    )
    return Stepped(receiver, wire, {"receive": "receive"})
