"""``vibesflow ticket``: what lets a recorder hand in chunks over HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import JsonValue

from starter.cli.command import command
from starter.cli.output import Output
from vibesflow.access import Ticket, issue_ticket, new_ticket
from vibesflow.access.tickets import MAX_HOURS, Limits
from vibesflow.errors import SettingsInvalid
from vibesflow.settings import load_settings

_DAY_H = 24

CreatorOption = Annotated[
    str, typer.Option("--creator", metavar="NAME", help="In whose name it may be used.")
]
RtaOption = Annotated[
    str, typer.Option("--rta", metavar="RTA", help="The one stream that it may write to.")
]
HoursOption = Annotated[
    float,
    typer.Option("--hours", min=0.01, max=MAX_HOURS, help="How long it counts from now on."),
]
ChunkBytesOption = Annotated[
    int | None, typer.Option("--max-chunk-bytes", min=127, help="Largest chunk.")
]
BytesOption = Annotated[
    int | None, typer.Option("--max-bytes", min=127, help="Most bytes of the stream as a whole.")
]
RateOption = Annotated[
    int | None, typer.Option("--chunks-per-minute", min=1, help="Most chunks a minute.")
]


@command
def create(
    out: Output,
    creator: CreatorOption,
    rta: RtaOption,
    hours: HoursOption = _DAY_H,
    max_chunk_bytes: ChunkBytesOption = None,
    max_bytes: BytesOption = None,
    chunks_per_minute: RateOption = None,
) -> None:
    """Make an upload ticket; a recorder sends it as `Authorization: Bearer TICKET`.

    It is signed with VIBESFLOW_ACCESS_TICKET_KEY and stored nowhere. Whoever holds it may add
    chunks to the stream and complete it, in the creator's name, until it expires; it cannot be
    taken back but by changing the key.

    [bold]Examples[/bold]

    vibesflow ticket create --creator dj.near --rta rta_1712345678901_ab12cd --hours 6
    """
    settings = load_settings().access
    if settings.ticket_key is None:
        raise SettingsInvalid("VIBESFLOW_ACCESS_TICKET_KEY: needed to sign tickets")
    limits = Limits(max_chunk_bytes, max_bytes, chunks_per_minute)
    ticket = new_ticket(rta_id=rta, creator=creator, hours=hours, now_s=time.time(), limits=limits)
    text = issue_ticket(ticket, settings.ticket_key, audience=settings.audience)
    out.aside(f"For {ticket.creator} and {ticket.rta_id} until {_expiry(ticket)}")
    out.plain_result(_document(ticket, text), text)


def _document(ticket: Ticket, text: str) -> JsonValue:
    facts = ticket.model_dump(exclude={"not_before_s", "expires_at_s"})
    return {"ticket": text, **facts, "expires_at": _expiry(ticket)}


def _expiry(ticket: Ticket) -> str:
    return datetime.fromtimestamp(ticket.expires_at_s, UTC).isoformat()
