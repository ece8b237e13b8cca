"""The one seam through which a test may disturb the provider."""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """Places at which the provider asks before it goes on."""

    PING = "ping"
    RECEIVE = "receive"
    FINALIZE = "finalize"
    FIND = "find"
    SEND = "send"
    SENT = "sent"
    CONFIRM = "confirm"
    STATUS = "status"
    PULL = "pull"
    RETRIEVE = "retrieve"


class Faults:
    """Consulted at every `Point`; this one lets everything pass.

    A subclass may wait, or raise a `Refusal`, which becomes the answer.
    """

    async def reach(self, point: Point) -> None:
        """Go on, wait or raise, as wished for this point."""
