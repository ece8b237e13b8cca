from __future__ import annotations

import json
import time

from pydantic import SecretStr

from tests.starter.terminal import CommandLine
from vibesflow.access.signing import read_ticket

KEY = "a-key-for-tickets-of-these-tests-0123"
SETTINGS = {
    "VIBESFLOW_NETWORK": "calibration",
    "VIBESFLOW_ACCESS_TICKET_KEY": KEY,
    "VIBESFLOW_ACCESS_AUDIENCE": "there",
}
ASKED = ("ticket", "create", "--creator", "dj.near", "--rta", "rta_1")


def test_a_ticket_is_one_line_that_can_be_copied():
    result = CommandLine(SETTINGS)(*ASKED)
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    ticket = read_ticket(line, (SecretStr(KEY),), audience="there")
    assert (ticket.rta_id, ticket.creator, ticket.max_stream_bytes) == ("rta_1", "dj.near", None)
    assert ticket.expires_at_s - time.time() > 23 * 3_600


def test_its_limits_are_in_the_document_and_in_the_ticket():
    limits = ("--hours", "6", "--max-chunk-bytes", "1000", "--max-bytes", "9000")
    result = CommandLine(SETTINGS)(*ASKED, *limits, "--chunks-per-minute", "3", "--json")
    told = json.loads(result.stdout)
    ticket = read_ticket(told["ticket"], (SecretStr(KEY),), audience="there")
    said = ["max_chunk_bytes", "max_stream_bytes", "chunks_per_minute", "ticket_id"]
    assert [told[name] for name in said] == [1_000, 9_000, 3, ticket.ticket_id]
    assert [getattr(ticket, name) for name in said[:3]] == [1_000, 9_000, 3]
    assert told["expires_at"].endswith("+00:00")


def test_without_a_key_nothing_is_signed():
    result = CommandLine({"VIBESFLOW_NETWORK": "calibration"})(*ASKED)
    assert result.exit_code == 3
    assert "VIBESFLOW_ACCESS_TICKET_KEY" in result.stderr


def test_a_stream_that_cannot_be():
    result = CommandLine(SETTINGS)(*ASKED[:-1], "../x")
    assert result.exit_code == 4
