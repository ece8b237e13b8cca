"""Reply to "complete this stream now"."""

from __future__ import annotations

from typing import Literal

from api.legacy.words import CamelReply
from vibesflow.stream.status import CompletionReply, StreamState
from vibesflow.stream.times import minutes_seconds

_MESSAGES = {
    "completed": "RTA completed successfully",
    "already_complete": "RTA already complete",
    "completing": "RTA is being completed; ask again for the result",
}


class CompleteRtaReply(CamelReply):
    """What the request came to."""

    success: bool = True
    message: str
    rta_id: str
    chunks: int
    duration: str
    status: Literal["completed", "already_complete", "completing"]


def complete_rta_reply(rta_id: str, reply: CompletionReply) -> CompleteRtaReply:
    """Spell a completion; ``completing`` when the last confirmations are still awaited."""
    status = _status(reply)
    return CompleteRtaReply(
        message=_MESSAGES[status],
        rta_id=rta_id,
        chunks=reply.chunks,
        duration=minutes_seconds(reply.total_duration_ms),
        status=status,
    )


def _status(reply: CompletionReply) -> Literal["completed", "already_complete", "completing"]:
    if reply.state is not StreamState.COMPLETE:
        return "completing"
    return "already_complete" if reply.already else "completed"
