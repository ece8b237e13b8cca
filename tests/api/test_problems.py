"""What no route answers, and what nobody foresaw."""

from __future__ import annotations

import logging

import pytest

from tests.samples import RTA, chunk_id_of
from vibesflow.errors import LedgerRejected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/upload/",
        "/upload/status/",
        "/upload/status/a/b",
        "/upload/status/..%2F..%2Fetc%2Fpasswd",
        "/filecoin/status/",
        "/docs",
        "/%00",
        "//",
        "/api/vibestreams/",
        "/" + "x" * 20_000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_unknown_routes_are_404_in_json(shut_door, method, path):
    reply = await shut_door.client.request(method, shut_door.url + path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["code"] == "route_not_found"


async def test_head_of_an_unknown_route(shut_door):
    reply = await shut_door.client.head("/nowhere")
    assert (reply.status_code, reply.content) == (404, b"")


async def test_an_unforeseen_error_has_an_incident_that_the_log_explains(door, monkeypatch, caplog):
    async def burst(_chunk):
        raise ZeroDivisionError("the words of the error")

    monkeypatch.setattr(door.streams, "submit", burst)
    with caplog.at_level(logging.ERROR, logger="api"):
        reply = await door.send_raw(chunk_id_of(0))
    body = reply.json()
    assert (reply.status_code, body["code"]) == (500, "internal")
    assert "words of the error" not in reply.text
    assert "Traceback" not in reply.text
    (record,) = [r for r in caplog.records if body["detail"]["incident"] in r.getMessage()]
    assert record.exc_info[0] is ZeroDivisionError


async def test_a_named_error_of_our_own_has_an_incident_too(door, monkeypatch, caplog):
    def reject(_rta_id):
        raise LedgerRejected("the index is gone")

    monkeypatch.setattr(door.ledger, "get_stream", reject)
    with caplog.at_level(logging.ERROR, logger="api"):
        reply = await door.client.get(f"/filecoin/status/{RTA}")
    body = reply.json()
    assert (reply.status_code, body["code"]) == (500, "ledger_rejected")
    assert any(body["detail"]["incident"] in record.getMessage() for record in caplog.records)


async def test_openapi_describes_replies_and_errors(shut_door):
    schema = (await shut_door.client.get("/openapi.json")).json()
    upload = schema["paths"]["/upload"]["post"]
    assert set(upload["requestBody"]["content"]) == {"application/json", "audio/*"}
    assert {p["name"] for p in upload["parameters"] if p["required"]} == {
        "X-Rta-Id",
        "X-Chunk-Id",
        "X-Creator",
    }
    assert {"202", "400", "408", "409", "413", "503"} <= set(upload["responses"])
    names = schema["components"]["schemas"]["UploadReply"]["properties"]
    assert {"upload_id", "chunkId", "synapseStatus", "status_url"} <= set(names)
