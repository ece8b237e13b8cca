"""What a part of the world is: a program, how to see that it answers, and how it stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Probe = Callable[[], Awaitable[bool]]
"""True once the part does its work; raises nothing for "not yet"."""


@dataclass(frozen=True)
class Part:
    """One program of the world.

    Attributes:
        name: key in the ready file, and name of the log.
        argv: the program and its arguments.
        probe: asked until it says True.
        environment: all variables of the program.
        folder: where it runs.
        prepare: run after each start once the part answers, such as creating tables.
        start_limit_s: how long the part may take until it answers.
        stop_limit_s: how long it may take to stop before it is killed.
    """

    name: str
    argv: tuple[str, ...]
    probe: Probe
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()
    prepare: Callable[[], Awaitable[None]] | None = None
    start_limit_s: float = 60.0
    stop_limit_s: float = 15.0
