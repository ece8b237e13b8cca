"""The workflow's own time, in the units that messages use."""

from __future__ import annotations

from temporalio import workflow

from vibesflow.stream.times import iso_utc


def now_ms() -> int:
    """Epoch milliseconds at this point of the history."""
    return round(workflow.now().timestamp() * 1000)


def now_iso() -> str:
    """The same moment in ISO 8601 UTC."""
    return iso_utc(now_ms())


def to_ms(seconds: float) -> int:
    """Turn an option's seconds into milliseconds."""
    return round(seconds * 1000)
