"""An upload ticket: what it allows, and to whom."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from vibesflow.errors import InvalidInput, TicketExpired, TicketForAnother, TicketNotYetValid
from vibesflow.stream.ids import check_rta_id

CLOCK_SKEW_S = 30
"""How far the clocks of who issues a ticket and who checks it may be apart."""

MAX_HOURS = 31 * 24
"""Longest life of a ticket; nobody can take one back before its time, but by changing the key."""

MAX_CREATOR = 128


class Ticket(BaseModel):
    """What one recorder may do: add to one stream as one creator, for a while.

    Attributes:
        ticket_id: tells tickets apart in logs; it opens nothing.
        max_chunk_bytes: largest chunk; None leaves it to the installation.
        max_stream_bytes: most bytes of the stream as a whole, whatever ticket brought them.
        chunks_per_minute: how many chunks come a minute in the long run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ticket_id: str = Field(min_length=1, max_length=64)
    rta_id: str = Field(min_length=1, max_length=96)
    creator: str = Field(min_length=1, max_length=MAX_CREATOR)
    not_before_s: int = Field(ge=0)
    expires_at_s: int = Field(ge=0)
    max_chunk_bytes: int | None = Field(None, ge=127)
    max_stream_bytes: int | None = Field(None, ge=127)
    chunks_per_minute: int | None = Field(None, ge=1)

    def check_time(self, now_s: float) -> None:
        """Return if the ticket counts now.

        Raises:
            TicketExpired: its time is over.
            TicketNotYetValid: its time has not come.
        """
        if now_s >= self.expires_at_s + CLOCK_SKEW_S:
            raise TicketExpired("the ticket has expired")
        if now_s < self.not_before_s - CLOCK_SKEW_S:
            raise TicketNotYetValid("the ticket does not count yet")

    def check_stream(self, rta_id: str) -> None:
        """Return if the ticket is for this stream; raise `TicketForAnother` if not."""
        if rta_id != self.rta_id:
            raise TicketForAnother("the ticket is for another stream")

    def check_creator(self, creator: str) -> None:
        """Return if the ticket is for this creator; raise `TicketForAnother` if not."""
        if creator != self.creator:
            raise TicketForAnother("the ticket is for another creator")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a ticket limits; see `Ticket` for the fields."""

    max_chunk_bytes: int | None = None
    max_stream_bytes: int | None = None
    chunks_per_minute: int | None = None


def new_ticket(
    *, rta_id: str, creator: str, hours: float, now_s: float, limits: Limits | None = None
) -> Ticket:
    """Return a ticket that counts from now on.

    Raises:
        InvalidRtaId: the stream id is outside the allowed alphabet.
        InvalidInput: the creator or the life of the ticket cannot be.
    """
    if not (creator.isprintable() and creator.strip() == creator and creator):
        raise InvalidInput("the creator must be printable characters without spaces around them")
    if len(creator) > MAX_CREATOR:
        raise InvalidInput(f"the creator must be at most {MAX_CREATOR} characters")
    if not 0 < hours <= MAX_HOURS:
        raise InvalidInput(f"a ticket lives for more than 0 and at most {MAX_HOURS} hours")
    limits = limits or Limits()
    return Ticket(
        ticket_id=secrets.token_hex(8),
        rta_id=check_rta_id(rta_id),
        creator=creator,
        not_before_s=int(now_s),
        expires_at_s=int(now_s + hours * 3_600),
        max_chunk_bytes=limits.max_chunk_bytes,
        max_stream_bytes=limits.max_stream_bytes,
        chunks_per_minute=limits.chunks_per_minute,
    )
