"""Tickets as text: signed JSON web tokens (RFC 7519, HS256), short enough for a header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
from pydantic import SecretStr, ValidationError

from vibesflow.access.tickets import Ticket
from vibesflow.errors import TicketInvalid

ALGORITHM = "HS256"
TYPE = "vibesflow-ticket+jwt"
"""Told apart from other tokens that somebody may sign with the same key (RFC 8725, 3.11)."""

MAX_TEXT = 2_048
"""A ticket with every claim at its longest has about 1,000 characters."""

_CLAIMS = {
    "jti": "ticket_id",
    "rta": "rta_id",
    "sub": "creator",
    "nbf": "not_before_s",
    "exp": "expires_at_s",
    "chunk_bytes": "max_chunk_bytes",
    "stream_bytes": "max_stream_bytes",
    "chunks_per_minute": "chunks_per_minute",
}
_REQUIRED = ["aud", "exp", "jti", "nbf", "rta", "sub"]


def issue_ticket(ticket: Ticket, key: SecretStr, *, audience: str) -> str:
    """Return the signed text of a ticket; whoever holds it may use it."""
    fields = ticket.model_dump(exclude_none=True)
    claims = {name: fields[field] for name, field in _CLAIMS.items() if field in fields}
    return jwt.encode(
        {**claims, "aud": audience},
        key.get_secret_value(),
        algorithm=ALGORITHM,
        headers={"typ": TYPE},
    )


def read_ticket(text: str, keys: tuple[SecretStr, ...], *, audience: str) -> Ticket:
    """Return the ticket that a text is, if one of our keys signed it for this installation.

    Its time is not judged; see `Ticket.check_time`.

    Raises:
        TicketInvalid: it is none of ours, or altered; nothing of it is repeated in the message.
    """
    if len(text) > MAX_TEXT:
        raise TicketInvalid("the ticket is too long")
    for key in keys:
        claims = _verified(text, key, audience)
        if claims is not None:
            return _ticket_of(claims)
    raise TicketInvalid("the ticket was not issued by this archive, or altered")


def _verified(text: str, key: SecretStr, audience: str) -> Mapping[str, object] | None:
    try:
        found: dict[str, Any] = jwt.decode_complete(
            text,
            key.get_secret_value(),
            algorithms=[ALGORITHM],
            audience=audience,
            options={
                "require": _REQUIRED,
                # The time is judged against our own clock, by the ticket itself.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "strict_aud": True,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    if found["header"].get("typ") != TYPE:
        return None
    claims: Mapping[str, object] = found["payload"]
    return claims


def _ticket_of(claims: Mapping[str, object]) -> Ticket:
    try:
        return Ticket.model_validate(
            {_CLAIMS.get(name, name): value for name, value in claims.items() if name != "aud"}
        )
    except ValidationError:
        raise TicketInvalid("the ticket is of another release") from None
