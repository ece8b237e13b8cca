"""When a stream is complete (design rules 3, 4 and 5), as one pure decision."""

from __future__ import annotations

from enum import StrEnum

from vibesflow.stream.state import RtaState


class Decision(StrEnum):
    """What a stream should do next."""

    RECORD = "record"
    """Go on: more may come, or a received chunk is still being stored."""
    SETTLE = "settle"
    """It is due; the chain has not confirmed every stored chunk yet, and there is time."""
    COMPLETE = "complete"
    """It is due and settled: compile the document and complete."""
    STALL = "stall"
    """It is due and not one chunk could be stored: end, and keep the bytes."""
    LINGER = "linger"
    """Complete; only confirmations are outstanding."""
    END = "end"
    """Complete, and nothing is outstanding."""


DONE = (Decision.LINGER, Decision.END)
"""The newest version says all that there is to say."""


def is_due(state: RtaState, *, now_ms: int, window_ms: int) -> bool:
    """Tell whether the stream should complete once its chunks are settled.

    By hand, by a final marker whose session is whole, or by silence since the last receipt.
    """
    return (
        state.complete_requested
        or state.sessions.final_is_due
        or now_ms >= state.last_receipt_ms + window_ms
    )


def decide(state: RtaState, *, now_ms: int, window_ms: int, settle_ms: int) -> Decision:
    """Decide from the state and the clock alone.

    Rows that are behind their chunks count as change, so a stream never ends with one.
    """
    if state.is_storing:
        return Decision.RECORD
    if state.is_complete and not state.has_changed and not _rows_behind(state):
        return Decision.LINGER if state.unconfirmed or state.documents else Decision.END
    if not is_due(state, now_ms=now_ms, window_ms=window_ms):
        return Decision.RECORD
    if state.unconfirmed and now_ms < settle_deadline_ms(state, now_ms, settle_ms):
        return Decision.SETTLE
    return Decision.COMPLETE if state.has_pieces else Decision.STALL


def settle_deadline_ms(state: RtaState, now_ms: int, settle_ms: int) -> int:
    """Until when a stream that is due waits for the chain."""
    since = state.finishing_since_ms if state.finishing_since_ms is not None else now_ms
    return since + settle_ms


def _rows_behind(state: RtaState) -> bool:
    return any(c.row_due(unconfirmed_too=False) for c in state.chunks.values())
