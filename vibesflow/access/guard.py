"""Judges what a request shows: a ticket, an operator key, or nothing."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

from pydantic import SecretStr

from vibesflow.access.signing import MAX_TEXT, read_ticket
from vibesflow.access.tickets import Ticket
from vibesflow.errors import Forbidden, TicketInvalid, Unauthorized
from vibesflow.settings import AccessSettings

_SCHEME = "bearer"


class Guard:
    """Lets through who shows the right thing; without keys, everybody."""

    def __init__(self, settings: AccessSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._ticket_keys = _present(settings.ticket_key, settings.previous_ticket_key)
        self._operator_digests = tuple(
            _digest(key.get_secret_value())
            for key in _present(settings.operator_key, settings.previous_operator_key)
        )
        self._audience = settings.audience
        self._clock = clock
        self.is_open = settings.is_open

    def ticket(self, authorization: str | None) -> Ticket | None:
        """Return the ticket that a request shows; None where nobody needs one.

        Args:
            authorization: value of the ``Authorization`` header.

        Raises:
            Unauthorized: nothing is shown, or in another way than ``Bearer``.
            TicketInvalid: it is no ticket of ours, or altered.
            TicketExpired: its time is over.
            TicketNotYetValid: its time has not come.
        """
        if self.is_open:
            return None
        return self._ticket(_shown(authorization))

    def check_command(self, authorization: str | None, rta_id: str) -> None:
        """Return if the request may complete or retry a stream.

        An operator may do so with any stream, the holder of a ticket with the ticket's own.

        Raises:
            TicketForAnother: the ticket is for another stream.
            Unauthorized: as with `ticket`.
        """
        if self.is_open:
            return
        shown = _shown(authorization)
        if not self._is_operator(shown):
            self._ticket(shown).check_stream(rta_id)

    def check_operator(self, authorization: str | None) -> None:
        """Return if an operator asks.

        Raises:
            Forbidden: a ticket is shown, and a ticket does not do.
            Unauthorized: as with `ticket`.
        """
        if self.is_open:
            return
        shown = _shown(authorization)
        if not self._is_operator(shown):
            self._ticket(shown)
            raise Forbidden("this needs an operator key")

    def _ticket(self, shown: str) -> Ticket:
        if self._is_operator(shown):
            raise TicketInvalid("an operator key is no ticket")
        ticket = read_ticket(shown, self._ticket_keys, audience=self._audience)
        ticket.check_time(self._clock())
        return ticket

    def _is_operator(self, shown: str) -> bool:
        # Digests are compared, so that neither length nor content shows in the time it takes.
        digest = _digest(shown)
        matches = [hmac.compare_digest(digest, known) for known in self._operator_digests]
        return any(matches)


def _shown(authorization: str | None) -> str:
    scheme, _, value = (authorization or "").strip().partition(" ")
    value = value.strip()
    if not scheme:
        raise Unauthorized("the Authorization header is missing")
    if scheme.lower() != _SCHEME or not value:
        raise Unauthorized("the Authorization header must read: Bearer <ticket or operator key>")
    if len(value) > MAX_TEXT:
        raise TicketInvalid("the ticket is too long")
    return value


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _present(*keys: SecretStr | None) -> tuple[SecretStr, ...]:
    return tuple(key for key in keys if key is not None)
