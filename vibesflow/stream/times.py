"""Times as the messages carry them: epoch milliseconds inside, ISO 8601 UTC for readers."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_utc(epoch_ms: int) -> str:
    """Spell epoch milliseconds as ISO 8601 in UTC, to the millisecond: ``...T16:30:00.123Z``."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{epoch_ms % 1000:03d}Z"


def minutes_seconds(duration_ms: int) -> str:
    """Spell a duration as ``M:SS``; minutes may exceed 59, as old clients parse it."""
    seconds = round(duration_ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"
