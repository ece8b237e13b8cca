"""Times as the messages carry them: epoch milliseconds inside, ISO 8601 UTC for readers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime.fromtimestamp(0, tz=UTC)


def iso_utc(epoch_ms: int) -> str:
    """Spell epoch milliseconds as ISO 8601 in UTC, to the millisecond: ``...T16:30:00.123Z``."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{epoch_ms % 1000:03d}Z"


def epoch_ms_of(iso: str) -> int | None:
    """Read an ISO 8601 time with its zone as epoch milliseconds; None if it is no such time."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return round((moment - _EPOCH) / timedelta(milliseconds=1))


def minutes_seconds(duration_ms: int) -> str:
    """Spell a duration as ``M:SS``; minutes may exceed 59, as old clients parse it."""
    seconds = round(duration_ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"
