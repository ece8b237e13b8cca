"""Faults as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table

from devnet.provider.fault_kinds import KINDS
from devnet.provider.fault_order import FaultReport


def fault_table(faults: Mapping[str, Sequence[FaultReport]]) -> RenderableType:
    """Return one line a fault, or a few words when there is none."""
    if not any(faults.values()):
        return f"No fault is set at provider {', '.join(faults)}."
    table = Table(box=None, pad_edge=False)
    for heading in ("Provider", "Fault", "At", "Struck", "Left"):
        table.add_column(heading, no_wrap=True)
    table.add_column("What it does", overflow="fold")
    for number, reports in faults.items():
        for report in reports:
            table.add_row(number, *_cells(report), style=None if report.active else "dim")
    return table


def _cells(report: FaultReport) -> tuple[str, str, str, str, str]:
    return (
        report.name,
        report.at or "",
        str(report.struck),
        _left(report),
        KINDS[report.name].does,
    )


def _left(report: FaultReport) -> str:
    if not report.active:
        return "over"
    parts = []
    if report.count is not None:
        parts.append(f"{report.count - report.struck} times")
    if report.ends_in_s is not None:
        parts.append(f"{report.ends_in_s:.0f} s")
    return ", ".join(parts) or "until healed"
