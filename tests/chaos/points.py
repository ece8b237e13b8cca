"""Named points between two steps, at which a process kills itself if it is ordered to.

An order is a file in a folder, named for the role of the process and the point. It is claimed by
renaming it, so it strikes once, and what has struck can be counted.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

_STEPS = {
    "client": ("receive", "stage", "signal"),
    "api": ("receive", "stage", "signal"),
    "worker": (
        "open",
        "store",
        "order",
        "pull",
        "look",
        "submit",
        "receipt",
        "append",
        "publish",
        "complete",
        "release",
    ),
}

POINTS: dict[str, tuple[str, ...]] = {
    role: tuple(f"{role}.{step}.{when}" for step in steps for when in ("before", "after"))
    for role, steps in _STEPS.items()
}
"""Every point, by the role of the process that passes it."""


class Orders:
    """The folder of orders, as the one who gives them sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _struck(folder).mkdir(parents=True, exist_ok=True)

    def plant(self, point: str) -> None:
        """Have the first process that reaches the point die there."""
        if point not in POINTS[point.partition(".")[0]]:
            raise ValueError(f"no such point: {point}")
        (self.folder / point).touch()

    def withdraw(self) -> None:
        """Take back every order that has not struck."""
        for file in self.folder.iterdir():
            if file.is_file():
                file.unlink(missing_ok=True)

    def struck(self) -> Counter[str]:
        """How often each point has struck."""
        return Counter(file.name.partition("@")[0] for file in _struck(self.folder).iterdir())


class Tripwire:
    """The same folder, as a process sees it that may die."""

    def __init__(self, folder: Path, role: str) -> None:
        self._folder = folder
        self._role = role

    def reached(self, point: str) -> None:
        """Die here if that is ordered."""
        name = f"{self._role}.{point}"
        claimed = _struck(self._folder) / f"{name}@{time.time_ns()}"
        try:
            (self._folder / name).rename(claimed)
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _struck(folder: Path) -> Path:
    return folder / "struck"
