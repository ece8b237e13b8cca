"""A door that wants to be shown something: tickets of uploads, operator keys of commands."""

from __future__ import annotations

import asyncio
import base64
import json

import jwt
import pytest
import pytest_asyncio

from tests.api.door import AUDIO, Door, headers_of, open_door
from tests.api.tickets import (
    ACCESS,
    OPERATOR_KEY,
    OTHER_KEY,
    TICKET_KEY,
    bearer,
    ticket_for,
)
from tests.samples import CREATOR, RTA, chunk_id_of
from vibesflow.stream.records import StreamRecord
from vibesflow.stream.status import ChunkPhase

OTHER_RTA = "rta_1712345678901_zz99zz"
NOW_S = 1_800_000_000.0


@pytest_asyncio.fixture
async def guarded(ledger, tmp_path):
    async with open_door(
        ledger, tmp_path / "staging", access=ACCESS, wall_clock=lambda: NOW_S
    ) as opened:
        yield opened


def ticket(*args: str, **changes: object) -> str:
    return ticket_for(*args, **{"now_s": NOW_S, **changes})


async def refused(door: Door, reply, status: int, code: str) -> None:
    body = reply.json()
    assert (reply.status_code, body["code"]) == (status, code), body
    assert body["detail"]["advice"]
    assert ("www-authenticate" in reply.headers) is (status == 401)
    await door.assert_untouched()


@pytest.mark.parametrize("way", ["send_raw", "send_json"])
async def test_a_ticket_lets_its_chunks_in(guarded, way):
    said = bearer(ticket())
    replies = [await getattr(guarded, way)(chunk_id_of(n), **said) for n in (0, 1, 1)]
    assert [reply.status_code for reply in replies] == [202] * 3


async def test_without_anything(guarded):
    reply = await guarded.send_raw()
    await refused(guarded, reply, 401, "unauthorized")
    assert reply.headers["www-authenticate"] == 'Bearer realm="vibesflow"'


@pytest.mark.parametrize("shown", ["", "Bearer", "Basic dXNlcjpwYXNz", "Token abc", "ticket"])
async def test_other_ways_to_show_something(guarded, shown):
    await refused(guarded, await guarded.send_raw(Authorization=shown), 401, "unauthorized")


async def test_two_tickets_at_once(guarded):
    said = [*headers_of(chunk_id_of(0)).items(), ("Content-Type", "audio/webm")]
    said += [*bearer(ticket()).items(), *bearer(ticket(OTHER_RTA)).items()]
    reply = await guarded.client.post("/upload", content=AUDIO, headers=said)
    await refused(guarded, reply, 400, "invalid_header")


def altered(text: str, **claims: object) -> str:
    """The same ticket with other claims and the old signature."""
    head, body, mac = text.split(".")
    told = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = json.dumps({**told, **claims}).encode()
    return f"{head}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{mac}"


def unsigned(algorithm: str = "none", typ: str = "vibesflow-ticket+jwt") -> str:
    claims = jwt.decode(ticket(), options={"verify_signature": False})
    key = None if algorithm == "none" else TICKET_KEY
    return jwt.encode(claims, key, algorithm=algorithm, headers={"typ": typ})


FALSE = {
    "nonsense": lambda: "nonsense",
    "three parts": lambda: "a.b.c",
    "altered stream": lambda: altered(ticket(OTHER_RTA), rta=RTA),
    "altered end": lambda: altered(ticket(), exp=2**40),
    "cut": lambda: ticket()[:-3],
    "another key": lambda: ticket(key=OTHER_KEY),
    "no algorithm": unsigned,
    "another algorithm": lambda: unsigned("HS512"),
    "another kind of token": lambda: unsigned("HS256", "JWT"),
    "another installation": lambda: ticket(audience="elsewhere"),
    "the operator key": lambda: OPERATOR_KEY,
    "the ticket key": lambda: TICKET_KEY,
    "endless": lambda: "x" * 5_000,
    "letters": lambda: "\u00e9" * 40,
}


@pytest.mark.parametrize("name", FALSE)
async def test_false_tickets(guarded, name):
    shown = FALSE[name]()
    reply = await guarded.send_raw(**bearer(shown))
    await refused(guarded, reply, 401, "ticket_invalid")
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    assert shown not in reply.text


async def test_tickets_out_of_their_time(guarded):
    late, early = ticket(now_s=NOW_S - 7_200), ticket(now_s=NOW_S + 7_200)
    await refused(guarded, await guarded.send_raw(**bearer(late)), 401, "ticket_expired")
    await refused(guarded, await guarded.send_raw(**bearer(early)), 401, "ticket_not_yet_valid")


async def test_a_ticket_writes_to_no_other_stream_and_in_no_other_name(guarded):
    for text in (ticket(OTHER_RTA), ticket(RTA, "somebody else")):
        await refused(guarded, await guarded.send_raw(**bearer(text)), 403, "ticket_for_another")


@pytest.mark.parametrize("path", [f"/api/complete-rta/{RTA}", f"/v1/streams/{RTA}/retry"])
async def test_a_ticket_completes_and_retries_its_own_stream_and_no_other(guarded, path):
    await refused(guarded, await guarded.client.post(path), 401, "unauthorized")
    other = await guarded.client.post(path, headers=bearer(ticket(OTHER_RTA)))
    await refused(guarded, other, 403, "ticket_for_another")
    for shown in (ticket(), OPERATOR_KEY):
        own = await guarded.client.post(path, headers=bearer(shown))
        assert (own.status_code, own.json()["code"]) == (404, "stream_not_found")


async def test_an_operator_key_is_no_ticket_and_a_false_one_nothing(guarded):
    await refused(guarded, await guarded.send_raw(**bearer(OPERATOR_KEY)), 401, "ticket_invalid")
    path = f"/api/complete-rta/{RTA}"
    for shown in (OPERATOR_KEY[:-1], OPERATOR_KEY + "x", OTHER_KEY):
        reply = await guarded.client.post(path, headers=bearer(shown))
        await refused(guarded, reply, 401, "ticket_invalid")


async def test_who_asks_is_judged_before_what_is_asked(guarded):
    reply = await guarded.send_raw(X_Rta_Id="../..")
    await refused(guarded, reply, 401, "unauthorized")


async def test_reads_stay_public(guarded):
    paths = ("/api/vibestreams", "/api/all-rtas", f"/filecoin/status/{RTA}", "/livez", "/metrics")
    for path in paths:
        assert (await guarded.client.get(path)).status_code == 200


@pytest.mark.parametrize("way", ["send_raw", "send_json"])
async def test_a_chunk_larger_than_the_ticket_allows(guarded, way):
    said = bearer(ticket(max_chunk_bytes=len(AUDIO) - 1))
    await refused(guarded, await getattr(guarded, way)(**said), 403, "ticket_spent")


async def test_a_stream_does_not_grow_beyond_its_ticket(guarded):
    said = bearer(ticket(max_stream_bytes=2 * len(AUDIO)))
    codes = [
        (await guarded.send_raw(chunk_id_of(n), **said)).status_code for n in (0, 0, 1, 1, 2, 0)
    ]
    assert codes == [202, 202, 202, 403, 403, 403]
    fresh = bearer(ticket(max_stream_bytes=3 * len(AUDIO)))
    assert (await guarded.send_raw(chunk_id_of(2), **fresh)).status_code == 202


async def test_what_the_table_knows_of_counts_as_well(guarded, monkeypatch):
    known = StreamRecord(
        rta_id=RTA, creator=CREATOR, opened_at="2024-04-06", total_bytes=10 * len(AUDIO)
    )

    async def record(_rta_id: str) -> StreamRecord:
        return known

    monkeypatch.setattr(guarded.services.reader, "record", record)
    said = bearer(ticket(max_stream_bytes=10 * len(AUDIO)))
    assert (await guarded.send_raw(chunk_id_of(0), **said)).status_code == 202
    while guarded.services.admission.volumes.wants_to_know(RTA):
        await asyncio.sleep(0.01)
    assert (await guarded.send_raw(chunk_id_of(1), **said)).status_code == 403


async def test_chunks_come_no_faster_than_the_ticket_allows(guarded):
    said = bearer(ticket(chunks_per_minute=2))
    replies = [await guarded.send_raw(chunk_id_of(n), **said) for n in range(3)]
    assert [reply.status_code for reply in replies] == [202, 202, 429]
    assert replies[-1].json()["code"] == "rate_limited"
    assert replies[-1].headers["retry-after"]


async def test_a_browser_may_send_a_ticket(guarded):
    reply = await guarded.client.options(
        "/upload",
        headers={
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-rta-id",
        },
    )
    assert reply.status_code == 200
    assert "authorization" in reply.headers["access-control-allow-headers"]
    refusal = await guarded.send_raw(Origin="https://app.example.org")
    assert refusal.headers["access-control-allow-origin"] == "*"
    assert "WWW-Authenticate" in refusal.headers["access-control-expose-headers"]


async def test_openapi_says_who_may_do_what(guarded, door):
    shut = (await guarded.client.get("/openapi.json")).json()
    assert set(shut["components"]["securitySchemes"]) == {"ticket", "operator"}
    assert shut["paths"]["/upload"]["post"]["security"] == [{"ticket": []}]
    complete = "/api/complete-rta/{rta_id}"
    assert shut["paths"][complete]["post"]["security"] == [{"operator": []}, {"ticket": []}]
    opened = (await door.client.get("/openapi.json")).json()
    assert {} in opened["paths"]["/upload"]["post"]["security"]


async def test_a_ticket_of_the_key_before_still_counts(ledger, tmp_path):
    rotated = ACCESS.model_copy(
        update={"ticket_key": ACCESS.operator_key, "previous_ticket_key": ACCESS.ticket_key}
    )
    async with open_door(ledger, tmp_path / "staging", access=rotated) as door:
        for key in (TICKET_KEY, OPERATOR_KEY):
            assert (await door.send_raw(**bearer(ticket_for(key=key)))).status_code == 202
        assert (await door.send_raw(**bearer(ticket_for(key=OTHER_KEY)))).status_code == 401


async def test_a_ticket_has_its_failed_chunks_tried_again(guarded):
    said = bearer(ticket())
    path = f"/v1/streams/{RTA}/retry"
    await guarded.send_raw(chunk_id_of(0), **said)
    nothing = await guarded.client.post(path, headers=said)
    assert nothing.json() == {"rta_id": RTA, "failed": 0, "signalled": False}
    guarded.streams.move(guarded.streams.submitted[0], ChunkPhase.PARKED)
    other = await guarded.client.post(path, headers=bearer(ticket(OTHER_RTA)))
    assert (other.status_code, guarded.streams.retried) == (403, [])
    told = await guarded.client.post(path, headers=said)
    assert (told.status_code, told.json()["failed"]) == (202, 1)
    assert guarded.streams.retried == [RTA]
