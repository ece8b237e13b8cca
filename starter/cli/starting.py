"""Shows how a world starts: one line that names the parts as they answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from devnet.parts import PART_NAMES
from devnet.world import WorldPlan
from starter.cli.output import Output


@contextmanager
def starting(out: Output, plan: WorldPlan) -> Iterator[WorldPlan]:
    """Yield the plan with a progress display, which ends with the last part."""
    columns = (TextColumn("Starting the world"), BarColumn(), MofNCompleteColumn())
    progress = out.progress(*columns, TextColumn("{task.description}"))
    task = progress.add_task("", total=len(PART_NAMES))

    def on_start(name: str) -> None:
        progress.update(task, advance=1, description=f"{name} answers")
        if progress.finished:
            progress.stop()

    with progress:
        yield replace(plan, on_start=on_start)
