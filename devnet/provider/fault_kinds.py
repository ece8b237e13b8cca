"""Every fault: where it can strike, what its delay means, and what it does in one line."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.provider.faults import FaultName, Point

POINTS: dict[Point, str] = {
    Point.PING: "A ping is about to be answered.",
    Point.OPEN: "An upload session is about to be opened, or an upload declared.",
    Point.RECEIVE: "An upload's bytes are about to be read.",
    Point.FINALIZE: "An upload is about to be checked and parked.",
    Point.FIND: "Somebody asks whether a piece is published.",
    Point.SEND: "A transaction is about to be sent; nothing is on chain.",
    Point.SENT: "A transaction has been sent; nobody has been told.",
    Point.CONFIRM: "A receipt has been found; it is about to be written down.",
    Point.STATUS: "Somebody asks how far a transaction or a pull is.",
    Point.PULL: "A new pull is asked for.",
    Point.FETCH: "A piece is about to be fetched from another provider.",
    Point.RETRIEVE: "A piece is about to be served.",
}
"""What is going on at each point."""

_BACKGROUND = frozenset({Point.CONFIRM, Point.FETCH})
_EVERYWHERE = frozenset(Point)
_ASKED = _EVERYWHERE - _BACKGROUND


@dataclass(frozen=True)
class FaultKind:
    """What is true of every fault of one name.

    Attributes:
        does: one line for people.
        points: where a person may place it; empty if it knows its place.
        home: where it strikes when no point is named; empty if one must be.
        delay: what its delay means; empty if it has none.
        usual_delay_s: the delay when none is given; None means until it is healed.
        at_once: without a point it strikes when it is ordered, once.
    """

    does: str
    points: frozenset[Point] = frozenset()
    home: frozenset[Point] = frozenset()
    delay: str = ""
    usual_delay_s: float | None = None
    at_once: bool = False

    @property
    def needs_point(self) -> bool:
        """Whether a person has to say where."""
        return bool(self.points) and not self.home and not self.at_once


KINDS: dict[FaultName, FaultKind] = {
    FaultName.PING_REFUSED: FaultKind(
        "Pings are answered 503, as by a node with active alerts.", home=frozenset({Point.PING})
    ),
    FaultName.DOWN: FaultKind("Every connection is closed without an answer."),
    FaultName.HANG: FaultKind(
        "The provider stops at a point, and goes on later as if nothing had been.",
        points=_EVERYWHERE,
        delay="how long it stops; by default until the fault ends",
    ),
    FaultName.ERROR: FaultKind("500 with an event id.", points=_EVERYWHERE - {Point.CONFIRM}),
    FaultName.BUSY: FaultKind(
        "429 with Retry-After.",
        points=_EVERYWHERE - {Point.CONFIRM},
        delay="the seconds in Retry-After, rounded up",
        usual_delay_s=1,
    ),
    FaultName.FULL: FaultKind(
        "Bytes that are uploaded and pulls that are asked for get 500: no space is left.",
        home=frozenset({Point.RECEIVE, Point.PULL}),
    ),
    FaultName.WRONG_CID: FaultKind(
        "Finalizing is answered 400: the provider has computed another PieceCID.",
        home=frozenset({Point.FINALIZE}),
    ),
    FaultName.PUBLISH_DELAY: FaultKind(
        "Pieces that are stored meanwhile are not found (404) at first.",
        delay="how long each one takes to be published",
        usual_delay_s=5,
    ),
    FaultName.FORGETFUL: FaultKind(
        "Pieces that nobody committed are dropped after seconds instead of two hours.",
        delay="the age at which they are dropped",
        usual_delay_s=5,
    ),
    FaultName.LOST_ANSWER: FaultKind(
        "The work is done up to a point, then the connection is closed without an answer.",
        points=_ASKED,
        home=frozenset({Point.SENT}),
    ),
    FaultName.FAILED_TRANSACTION: FaultKind(
        "Transactions are sent with too little gas: they land and fail."
    ),
    FaultName.REPLACED_HASH: FaultKind(
        "Transactions land under another hash than the one that was told."
    ),
    FaultName.LATE_CONFIRMATION: FaultKind(
        "A confirmed transaction's status says ok while its boolean is still false.",
        delay="how long it says so",
        usual_delay_s=5,
    ),
    FaultName.PULL_FAILURE: FaultKind("Pieces that are to be pulled fail for good."),
    FaultName.UNPUBLISHED_PULL: FaultKind(
        "Pulls are called complete before their pieces are found (404) and can be committed.",
        delay="how long each piece takes to be published",
        usual_delay_s=5,
    ),
    FaultName.WRONG_BYTES: FaultKind("Pieces are served with wrong bytes of the right length."),
    FaultName.TRUNCATED_BYTES: FaultKind(
        "Half of a piece is served, then the connection is closed."
    ),
    FaultName.RESTART: FaultKind(
        "The process dies at once, or at a point; its supervisor starts it again.",
        points=_EVERYWHERE,
        at_once=True,
    ),
}
"""What each fault does; `docs/devnet.md` says the same."""
