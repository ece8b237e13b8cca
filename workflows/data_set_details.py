"""The words and numbers that an operator reads on a data set's page in the Web UI."""

from __future__ import annotations

from vibesflow.data_set.orders import DataSetStatus
from vibesflow.data_set.place import LastBatch, Place
from workflows.details import plain

MOST_REASON = 500
"""Characters of a reason; provider and contract may say more than a page should show."""


def render_data_set(status: DataSetStatus) -> str:
    """Return a data set's current details in Markdown (below the server's 20,000 bytes)."""
    lines = [
        f"**{status.waiting} waiting** · {status.committing} under way · "
        f"{status.committed} committed in {status.batches} batches",
        "",
        f"- Data set: {_data_set(status)}",
        *_provider(status),
        f"- Scope: {_scope(status)}",
        f"- Streams that wait: {len(status.streams)}",
    ]
    if status.last is not None:
        lines.append(f"- Last batch: {_last(status.last)}")
    if status.committing:
        lines.append(f"- Batch under way: {_size(status.committing, status.committing_bytes)}")
    if status.given_up:
        lines.append(f"- Given up, and may land yet: {_batches(status.given_up)}")
    if status.paused:
        lines.append(f"- **Paused**: {status.paused[:MOST_REASON]}")
    else:
        lines.append(f"- Waits for: {_waits_for(status)}")
    return "\n".join(lines)


def _batches(count: int) -> str:
    return "1 batch" if count == 1 else f"{count} batches"


def _data_set(status: DataSetStatus) -> str:
    if status.data_set_id is not None:
        return f"{status.data_set_id}, on chain"
    if status.sent is not None and status.sent.tx_hash:
        if status.sent.data_set_id is None:
            return f"being created by `{status.sent.tx_hash}`, waiting for the receipt"
        return f"{status.sent.data_set_id}, on chain"
    if status.place is None:
        return "not looked up yet"
    if status.place.data_set_id is not None:
        return f"{status.place.data_set_id}, found on chain and used again"
    return "will be created with the first commit"


def _provider(status: DataSetStatus) -> list[str]:
    place = status.place
    if place is None:
        return [f"- Provider: {status.provider_id}"]
    return [
        f"- Provider: {place.provider_id}, **{plain(place.name)}**, `{place.address}`",
        f"- Address: {plain(place.url)}",
        f"- Region: {plain(place.region) or 'not told'}; "
        f"capacity: {plain(place.capacity) or 'not announced'}",
        f"- Chosen: {_why(place)}",
    ]


def _why(place: Place) -> str:
    reasons = [
        *(["approved by the storage service"] if place.approved else []),
        *(["endorsed"] if place.endorsed else []),
        *(["has a data set with this metadata"] if place.data_set_id is not None else []),
    ]
    return ", ".join(reasons) or "it was ordered; it is not approved any more"


def _scope(status: DataSetStatus) -> str:
    pairs = ", ".join(f"{plain(name)} = {plain(value)}" for name, value in status.scope)
    return pairs or "all streams of the wallet"


def _last(last: LastBatch) -> str:
    where = f", `{last.tx_hash}`" if last.tx_hash else ""
    return f"{_size(last.pieces, last.size_bytes)} at {last.committed_at}{where}"


def _waits_for(status: DataSetStatus) -> str:
    if status.sent is not None and status.sent.tx_hash:
        return f"the receipt of `{status.sent.tx_hash}`"
    if status.committing:
        return "the provider to pull and send the batch"
    return "more pieces, or the linger time" if status.waiting else "pieces"


def _size(pieces: int, size_bytes: int) -> str:
    return f"{pieces} {'piece' if pieces == 1 else 'pieces'}, {size_bytes:,} bytes"
