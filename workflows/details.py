"""The words and numbers that an operator reads on the stream's page in the Web UI."""

from __future__ import annotations

from vibesflow.stream.placement import ProviderName
from vibesflow.stream.status import SessionGap, StreamStatus


def render_details(status: StreamStatus) -> str:
    """Return the stream's current details in Markdown (below the server's 20,000 bytes)."""
    lines = [
        f"**{status.state}** · {status.received} received · {status.confirmed} confirmed · "
        f"{status.stored} waiting for the chain · {status.parked} parked",
        "",
        f"- Creator: `{status.creator}`",
        f"- Window: {status.window_s:g} s" + _closing(status),
        f"- Document: {_document(status)}",
    ]
    if status.waiting_for:
        lines.append(f"- **Waiting**: {status.waiting_for}")
    lines.extend(f"- Provider {_provider(each)}" for each in status.providers)
    if status.data_set_id is not None:
        lines.append(f"- Data set {status.data_set_id} at provider {status.provider_id}")
    if status.duplicates:
        lines.append(f"- Duplicates passed over: {status.duplicates}")
    lines.extend(_missing(gap) for gap in status.missing[:10])
    if status.last_error:
        lines.append(f"- Last error: {status.last_error[:500]}")
    return "\n".join(lines)


def _closing(status: StreamStatus) -> str:
    return f", closes at {status.closes_at} unless more comes" if status.closes_at else ""


def _document(status: StreamStatus) -> str:
    if not status.document_version:
        return "none yet"
    return f"version {status.document_version}, `{status.metadata_cid}`"


def _provider(each: ProviderName) -> str:
    return f"{each.provider_id}: {plain(each.name)} `{each.address}`"


def plain(words: str) -> str:
    """Take from a stranger's words what Markdown would make more of."""
    return "".join(c for c in words[:128] if c.isprintable() and c not in "<>`*_[]|")


def _missing(gap: SessionGap) -> str:
    named = ", ".join(str(number) for number in gap.missing[:20])
    more = gap.missing_count - min(len(gap.missing), 20)
    return f"- Missing of session {gap.session_started_at_ms} {gap.producer}: {named}" + (
        f" and {more} more" if more else ""
    )
