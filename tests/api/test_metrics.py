from __future__ import annotations

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from tests.api.door import AUDIO, Door, open_door
from tests.samples import RTA, chunk_id_of


async def samples_of(door: Door) -> dict[tuple[str, tuple[str, ...]], float]:
    reply = await door.client.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def test_chunks_are_counted_by_outcome(door):
    await door.send_raw()
    await door.send_raw()
    await door.send_raw(audio=AUDIO[::-1])
    await door.send_raw(audio=AUDIO[:5])
    door.streams.down = True
    await door.send_raw(chunk_id_of(1))
    samples = await samples_of(door)
    outcomes = {
        labels[0]: value
        for (name, labels), value in samples.items()
        if name == "vibesflow_api_chunks_total"
    }
    assert outcomes == {
        "created": 1,
        "known": 1,
        "chunk_conflict": 1,
        "chunk_too_small": 1,
        "temporal_down": 1,
    }
    assert samples["vibesflow_api_chunk_bytes_count", ()] == 1
    assert samples["vibesflow_api_chunk_bytes_sum", ()] == len(AUDIO)


async def test_requests_are_counted_by_template_not_by_path(door):
    for number in range(20):
        await door.client.get(f"/filecoin/status/rta_{number}")
        await door.client.get(f"/nowhere/{number}")
        await door.client.request(f"ODD{number}", "/upload")
    samples = await samples_of(door)
    counted = {
        labels: value
        for (name, labels), value in samples.items()
        if name == "vibesflow_api_requests_total"
    }
    assert counted["GET", "/filecoin/status/{rta_id}", "200"] == 20
    assert counted["GET", "unmatched", "404"] == 20
    assert sum(value for (method, _, _), value in counted.items() if method == "other") == 20
    assert len(counted) <= 4


async def test_preflights_and_head_are_counted_too(door):
    await door.client.head("/livez")
    await door.client.options(
        "/upload", headers={"Origin": "http://a", "Access-Control-Request-Method": "POST"}
    )
    samples = await samples_of(door)
    assert samples["vibesflow_api_requests_total", ("GET", "/livez", "200")] == 1
    assert samples["vibesflow_api_requests_total", ("OPTIONS", "unmatched", "200")] == 1


async def test_requests_under_way(door, monkeypatch):
    asked, released = asyncio.Event(), asyncio.Event()

    async def wait(_rta_id):
        asked.set()
        await released.wait()

    monkeypatch.setattr(door.streams, "status", wait)
    request = asyncio.create_task(door.client.get(f"/filecoin/status/{RTA}"))
    await asked.wait()
    samples = await samples_of(door)
    released.set()
    await request
    assert samples["vibesflow_api_requests_in_progress", ()] == 2  # this scrape is one of them


async def test_two_applications_count_apart(door, ledger, tmp_path):
    await door.send_raw()
    async with open_door(ledger, tmp_path / "other") as other:
        assert ("vibesflow_api_chunk_bytes_count", ()) in await samples_of(other)
        assert (await samples_of(other))["vibesflow_api_chunk_bytes_count", ()] == 0
