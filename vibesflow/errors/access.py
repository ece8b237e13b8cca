"""Who may not do what: nothing shown, the wrong thing shown, or too much of it."""

from __future__ import annotations

from vibesflow.errors.base import RetryClass, VibesflowError


class Unauthorized(VibesflowError):
    """The request shows nothing that lets it in."""

    code = "unauthorized"
    http_status = 401
    advice = "Send `Authorization: Bearer <ticket or operator key>`."


class TicketInvalid(Unauthorized):
    """What was shown is no ticket of this installation, or was altered."""

    code = "ticket_invalid"
    advice = "Ask whoever runs the archive for a ticket: `vibesflow ticket create`."


class TicketExpired(Unauthorized):
    """The ticket's time is over."""

    code = "ticket_expired"
    advice = "Ask for a new ticket; chunks that were acknowledged are safe."


class TicketNotYetValid(Unauthorized):
    """The ticket's time has not come."""

    code = "ticket_not_yet_valid"
    advice = "Wait until the ticket's time, or check the clocks of both machines."


class Forbidden(VibesflowError):
    """Who asks is known, and may not do this."""

    code = "forbidden"
    http_status = 403
    advice = "Use a ticket or key that allows it."


class TicketForAnother(Forbidden):
    """The ticket is for another stream or another creator."""

    code = "ticket_for_another"
    advice = "Send the ticket that was made for this stream and creator."


class TicketSpent(Forbidden):
    """The stream would grow beyond what the ticket allows, or the chunk is larger than that."""

    code = "ticket_spent"
    advice = "Ask for a ticket with more room; what was acknowledged before is safe."


class RateLimited(VibesflowError):
    """Too much of one creator, or with one ticket, in too little time."""

    code = "rate_limited"
    retry = RetryClass.RETRY
    http_status = 429
    advice = "Wait as the Retry-After header says and send the same chunk again."
