from __future__ import annotations

import pytest

from tests.api.door import open_door
from tests.samples import RTA, chunk_id_of

ORIGIN = {"Origin": "https://app.example.org"}
ASKED = (
    "content-type,x-chunk-id,x-rta-id,x-creator,x-chunk-timestamp,x-participant-count,"
    "x-is-final,x-start-time,x-sample-rate,cache-control,pragma"
)


async def test_preflight_of_an_upload(shut_door):
    reply = await shut_door.client.options(
        "/upload",
        headers={
            **ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ASKED,
        },
    )
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == ASKED
    assert reply.headers["access-control-max-age"] == "86400"


async def test_the_link_header_may_be_read(shut_door):
    reply = await shut_door.client.get("/api/vibestreams", headers=ORIGIN)
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "Link" in reply.headers["access-control-expose-headers"].split(", ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/upload", 405),
        ("POST", "/upload", 400),
        ("GET", "/api/vibestreams?limit=x", 400),
        ("GET", f"/upload/status/{chunk_id_of(0)}", 404),
        ("POST", f"/api/complete-rta/{RTA}", 404),
    ],
)
async def test_errors_may_be_read_by_browsers(shut_door, method, path, status):
    reply = await shut_door.client.request(method, path, headers=ORIGIN)
    assert reply.status_code == status
    assert reply.headers["access-control-allow-origin"] == "*"


async def test_unforeseen_errors_may_be_read_by_browsers(door, monkeypatch):
    async def burst(_rta_id):
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr(door.streams, "status", burst)
    reply = await door.client.get(f"/filecoin/status/{RTA}", headers=ORIGIN)
    assert reply.status_code == 500
    assert reply.headers["access-control-allow-origin"] == "*"


async def test_a_dependency_that_is_down_may_be_read_by_browsers(door):
    door.streams.down = True
    reply = await door.client.get("/readyz", headers=ORIGIN)
    assert reply.status_code == 503
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in reply.headers["access-control-expose-headers"]


async def test_named_origins_only(ledger, tmp_path):
    async with open_door(
        ledger, tmp_path / "staging", cors_origins="https://a.example, https://b.example"
    ) as door:
        for origin, allowed in (("https://b.example", True), ("https://c.example", False)):
            reply = await door.client.get("/livez", headers={"Origin": origin})
            assert reply.headers.get("access-control-allow-origin") == (
                (allowed and origin) or None
            )
            assert "Origin" in reply.headers["vary"]
            preflight = await door.client.options(
                "/upload", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
            )
            assert (preflight.status_code == 200) is allowed
