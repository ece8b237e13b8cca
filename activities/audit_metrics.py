"""Metrics of the audit on Temporal's Prometheus endpoint; labels are bounded by the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from temporalio import activity

from vibesflow.audit.report import LeftoverFigures
from vibesflow.audit.verdicts import PieceFound


def note_copies(pieces: Iterable[PieceFound], *, insist: bool) -> None:
    """Count copies that were looked at, by provider and verdict."""
    counts = Counter(
        (str(copy.provider_id), copy.verdict(insist=insist).value)
        for piece in pieces
        for copy in piece.copies
    )
    for (provider, verdict), count in counts.items():
        meter = activity.metric_meter().with_additional_attributes(
            {"provider": provider, "verdict": verdict}
        )
        meter.create_counter("vibesflow_audit_copies", "Copies that were audited").add(count)


def note_lost() -> None:
    """Count a piece of which no good copy is left and no staged bytes: somebody must look."""
    meter = activity.metric_meter()
    meter.create_counter("vibesflow_audit_lost", "Pieces found lost by audits").add(1)


def note_ordered(copies: int) -> None:
    """Count copies that were ordered to replace lost ones."""
    meter = activity.metric_meter()
    meter.create_counter("vibesflow_audit_ordered", "Copies ordered by audits").add(copies)


def note_leftovers(figures: LeftoverFigures) -> None:
    """Count staged leftovers by what became of them."""
    for what, count in figures.model_dump().items():
        meter = activity.metric_meter().with_additional_attributes({"outcome": what})
        meter.create_counter("vibesflow_audit_leftovers", "Staged leftovers looked at").add(count)
