"""The one seam through which a provider may be disturbed: where it asks, and what may go wrong."""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """Places at which the provider asks before it goes on."""

    PING = "ping"
    OPEN = "open"
    RECEIVE = "receive"
    FINALIZE = "finalize"
    FIND = "find"
    SEND = "send"
    SENT = "sent"
    CONFIRM = "confirm"
    STATUS = "status"
    PULL = "pull"
    FETCH = "fetch"
    RETRIEVE = "retrieve"


class FaultName(StrEnum):
    """What can go wrong; `devnet.provider.fault_kinds` says what each one does."""

    PING_REFUSED = "ping-refused"
    DOWN = "down"
    HANG = "hang"
    ERROR = "error"
    BUSY = "busy"
    FULL = "full"
    WRONG_CID = "wrong-cid"
    PUBLISH_DELAY = "publish-delay"
    FORGETFUL = "forgetful"
    LOST_ANSWER = "lost-answer"
    FAILED_TRANSACTION = "failed-transaction"
    REPLACED_HASH = "replaced-hash"
    LATE_CONFIRMATION = "late-confirmation"
    PULL_FAILURE = "pull-failure"
    UNPUBLISHED_PULL = "unpublished-pull"
    WRONG_BYTES = "wrong-bytes"
    TRUNCATED_BYTES = "truncated-bytes"
    RESTART = "restart"


class Faults:
    """Consulted wherever something may go wrong; this one lets everything pass."""

    async def reach(self, point: Point) -> None:
        """Go on, wait or raise, as wished for this point.

        Raises:
            Refusal: the answer to give.
            HungUp: give no answer, close the connection.
        """

    def strikes(self, name: FaultName) -> bool:
        """Whether this fault happens now; each yes counts."""
        return self.delay_s(name) is not None

    def delay_s(self, name: FaultName) -> float | None:
        """How long this fault delays things if it happens now, else None; each delay counts."""
        del name
        return None
