"""What requests show at the door, and what OpenAPI says of it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers

from vibesflow.errors import (
    InvalidHeader,
    TicketExpired,
    TicketForAnother,
    TicketInvalid,
    TicketNotYetValid,
    Unauthorized,
)

AUTHORIZATION: Final = "Authorization"

TICKET: Final = "ticket"
OPERATOR: Final = "operator"

TICKET_ERRORS: Final = (
    Unauthorized,
    TicketInvalid,
    TicketExpired,
    TicketNotYetValid,
    TicketForAnother,
)

SCHEMES: Final[dict[str, dict[str, str]]] = {
    TICKET: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An upload ticket for one stream: `vibesflow ticket create`",
    },
    OPERATOR: {
        "type": "http",
        "scheme": "bearer",
        "description": "An operator key",
    },
}


def shown(headers: Headers) -> str | None:
    """Return what the request shows, if it shows anything.

    Raises:
        InvalidHeader: it shows several things.
    """
    values = headers.getlist(AUTHORIZATION)
    if len(values) > 1:
        raise InvalidHeader(f"{AUTHORIZATION} is given {len(values)} times")
    return values[0] if values else None


def challenge(error: Unauthorized) -> str:
    """Return the ``WWW-Authenticate`` header of a refusal (RFC 6750)."""
    if type(error) is Unauthorized:
        return 'Bearer realm="vibesflow"'
    return f'Bearer realm="vibesflow", error="invalid_token", error_description="{error.code}"'


def needs(*schemes: str) -> dict[str, object]:
    """Describe for OpenAPI what a route wants to be shown; any of them does."""
    return {"security": [{scheme: []} for scheme in schemes]}
