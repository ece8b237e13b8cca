from __future__ import annotations

import os
import uuid

import httpx

from vibesflow.filecoin import piece_cid_of


async def test_the_older_flow(http: httpx.AsyncClient) -> None:
    payload = os.urandom(70_000)
    cid = piece_cid_of(payload)
    declared = await http.post("/pdp/piece", json={"pieceCid": cid.text})
    place = declared.headers["location"]
    assert declared.status_code == 201
    assert place.startswith("/pdp/piece/upload/")

    short = await http.put(place, content=payload[:-1])
    assert short.status_code == 400
    wrong = await http.put(place, content=payload[:-1] + bytes([payload[-1] ^ 1]))
    assert wrong.status_code == 400

    assert (await http.put(place, content=payload)).status_code == 204
    assert (await http.put(place, content=payload)).status_code == 409
    known = await http.post("/pdp/piece", json={"pieceCid": cid.text})
    assert (known.status_code, known.json()) == (200, {"pieceCid": cid.text})
    assert (await http.get(f"/piece/{cid}")).content == payload


async def test_the_older_flow_refuses(http: httpx.AsyncClient) -> None:
    small = await http.post("/pdp/piece", json={"pieceCid": piece_cid_of(b"x" * 100).text})
    assert (small.status_code, "below the minimum" in small.text) == (400, True)
    old = await http.post("/pdp/piece", json={"pieceCid": piece_cid_of(b"x" * 200).to_v1_text()})
    assert old.status_code == 400
    unknown = await http.put(f"/pdp/piece/upload/{uuid.uuid4()}", content=b"x" * 127)
    assert unknown.status_code == 404
