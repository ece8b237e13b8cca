"""Keys and tickets of a door that is not open to everybody."""

from __future__ import annotations

import time

from pydantic import SecretStr

from tests.samples import CREATOR, RTA
from vibesflow.access import issue_ticket, new_ticket
from vibesflow.access.tickets import Limits
from vibesflow.settings import AccessSettings

TICKET_KEY = "the-ticket-key-of-these-tests-0123456789-with-enough-letters-for-hs512"
OPERATOR_KEY = "the-operator-key-of-these-tests-98765432"
OTHER_KEY = "a-key-that-nobody-here-was-given-000000"

ACCESS = AccessSettings(ticket_key=SecretStr(TICKET_KEY), operator_key=SecretStr(OPERATOR_KEY))


def ticket_for(
    rta_id: str = RTA,
    creator: str = CREATOR,
    *,
    key: str = TICKET_KEY,
    audience: str = "vibesflow",
    now_s: float | None = None,
    hours: float = 1,
    **limits: int,
) -> str:
    ticket = new_ticket(
        rta_id=rta_id,
        creator=creator,
        hours=hours,
        now_s=time.time() if now_s is None else now_s,
        limits=Limits(**limits),
    )
    return issue_ticket(ticket, SecretStr(key), audience=audience)


def bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}
