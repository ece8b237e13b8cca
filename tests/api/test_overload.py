from __future__ import annotations

import asyncio

import pytest

from api.ingest.budget import ByteBudget
from tests.api.door import AUDIO, Door, headers_of
from tests.samples import chunk_id_of
from vibesflow.errors import Overloaded


def test_shares_are_counted_and_given_back():
    budget = ByteBudget(100)
    with budget.share() as first, budget.share() as second:
        first.take(60)
        second.take(40)
        with pytest.raises(Overloaded):
            second.take(1)
    with budget.share() as third:
        third.take(100)


def test_what_a_failed_body_held_is_given_back():
    budget = ByteBudget(100)

    def fail() -> None:
        with budget.share() as share:
            share.take(100)
            raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fail()


async def test_json_beyond_the_budget_is_turned_away_and_raw_audio_is_not(door: Door):
    door.app.state.json_budget = ByteBudget(20_000)
    half_sent, go_on = asyncio.Event(), asyncio.Event()

    async def hold():
        yield b'{"audioData": "' + b"QUJD" * 4_000
        half_sent.set()
        await go_on.wait()
        yield b'"}'

    said = {**headers_of(chunk_id_of(1)), "Content-Type": "application/json"}
    held = asyncio.create_task(door.client.post("/upload", content=hold(), headers=said))
    await half_sent.wait()
    await asyncio.sleep(0.1)
    refused = await door.send_json(chunk_id_of(2))
    raw = await door.send_raw(chunk_id_of(3))
    go_on.set()
    assert (await held).status_code == 202
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["retry-after"]
    assert raw.status_code == 202
    assert (await door.send_json(chunk_id_of(2), AUDIO)).status_code == 202
