"""A round of audit in words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from starter.cli.figures import megabytes
from vibesflow.audit.report import AuditReport


def in_short(report: AuditReport) -> str:
    """Return the numbers that matter in one line."""
    figures = report.figures
    return (
        f"{figures.copies} copies, {figures.bad} bad, {figures.repaired} pieces repaired, "
        f"{figures.short} short, {figures.lost} lost"
    )


def audit_view(report: AuditReport) -> RenderableType:
    """Return the form for people."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for what, text in _facts(report):
        facts.add_row(what, text)
    return facts


def _facts(report: AuditReport) -> Iterator[tuple[str, str]]:
    figures, left = report.figures, report.leftovers
    share = report.rta_id or f"{report.share:.0%} of all streams"
    ended = f" to {report.ended_at}" if report.ended_at else f", now {report.phase}"
    yield "Audit", escape(f"{share}, {report.started_at}{ended}")
    yield (
        "Looked at",
        (
            f"{report.streams} streams, {figures.pieces} pieces, {figures.copies} copies, "
            f"{megabytes(figures.read_bytes)}"
        ),
    )
    yield "Copies", f"{figures.good} good, {figures.bad} bad, {figures.doubtful} doubtful"
    colour = "green" if report.is_healthy else "red"
    yield (
        "Pieces",
        f"[{colour}]{figures.repaired} repaired, {figures.short} short, {figures.lost} lost[/]",
    )
    if report.widened:
        yield "Looked at whole", f"data sets {', '.join(map(str, report.widened))}"
    if any((left.kept, left.released, left.adopted, left.unknown)):
        yield (
            "Staging",
            (
                f"{left.released} released, {left.adopted} handed to their streams, "
                f"{left.kept} still needed, {left.unknown} unknown"
            ),
        )
    for problem in report.problems:
        yield "Note", escape(problem)
