"""Tickets as they are made, signed, read and judged."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from vibesflow.access.signing import MAX_TEXT, issue_ticket, read_ticket
from vibesflow.access.tickets import CLOCK_SKEW_S, MAX_HOURS, Limits, Ticket, new_ticket
from vibesflow.errors import (
    InvalidInput,
    InvalidRtaId,
    TicketExpired,
    TicketInvalid,
    TicketNotYetValid,
)

KEY, OTHER = SecretStr("k" * 32), SecretStr("o" * 32)
NOW_S = 1_800_000_000.5

printable = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=128).filter(
    str.isprintable
)


def made(**changes: object) -> Ticket:
    return new_ticket(**{"rta_id": "r1", "creator": "c", "hours": 1, "now_s": NOW_S, **changes})


@given(
    creator=printable,
    rta_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,95}", fullmatch=True),
    hours=st.floats(0.01, MAX_HOURS),
    numbers=st.tuples(*[st.none() | st.integers(127, 2**53)] * 3),
)
def test_a_ticket_comes_back_as_it_was_signed_and_fits_a_header(creator, rta_id, hours, numbers):
    ticket = made(creator=creator, rta_id=rta_id, hours=hours, limits=Limits(*numbers))
    text = issue_ticket(ticket, KEY, audience="here")
    assert text.isascii()
    assert len(text) <= MAX_TEXT
    assert read_ticket(text, (OTHER, KEY), audience="here") == ticket
    for keys, audience in (((OTHER,), "here"), ((KEY,), "there"), ((), "here")):
        with pytest.raises(TicketInvalid):
            read_ticket(text, keys, audience=audience)


@given(at=st.integers(0, 400), character=st.sampled_from("ABCabc019-_.="))
def test_no_letter_can_be_changed(at, character):
    ticket = made()
    text = issue_ticket(ticket, KEY, audience="here")
    at %= len(text)
    altered = text[:at] + character + text[at + 1 :]
    with suppress(TicketInvalid):  # base64 ignores the last bits of its last letter
        assert read_ticket(altered, (KEY,), audience="here") == ticket


@given(text=st.text(max_size=300))
def test_any_text_is_refused_in_words(text):
    with pytest.raises(TicketInvalid):
        read_ticket(text, (KEY,), audience="here")


def test_a_ticket_has_its_time():
    ticket = made()
    for now_s in (NOW_S - CLOCK_SKEW_S + 1, NOW_S, NOW_S + 3_600 + CLOCK_SKEW_S - 1):
        ticket.check_time(now_s)
    with pytest.raises(TicketNotYetValid):
        ticket.check_time(NOW_S - CLOCK_SKEW_S - 1)
    with pytest.raises(TicketExpired):
        ticket.check_time(NOW_S + 3_600 + CLOCK_SKEW_S)


@pytest.mark.parametrize(
    "changes",
    [
        {"creator": ""},
        {"creator": " c"},
        {"creator": "a\nb"},
        {"creator": "c" * 129},
        {"hours": 0},
        {"hours": -1},
        {"hours": MAX_HOURS + 1},
        {"hours": float("nan")},
    ],
)
def test_tickets_that_cannot_be_made(changes):
    with pytest.raises(InvalidInput):
        made(**changes)


def test_a_ticket_for_no_possible_stream():
    with pytest.raises(InvalidRtaId):
        made(rta_id="../etc")
