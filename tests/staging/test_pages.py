"""Pages of staged keys: bounded, in order, complete, whatever staging is made of."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.staging.audio import audio, put
from vibesflow.staging import StagedEntry, Staging

STREAMS = ["a", "a-b", "a.b", "a_b", "b"]
KEYS = sorted(f"{rta}/{n:013d}-00000000-0" for rta in STREAMS for n in (1, 2, 10))


async def walk(staging: Staging, *, limit: int, rta_id: str | None = None) -> list[StagedEntry]:
    found: list[StagedEntry] = []
    after: str | None = None
    for _ in range(100):
        page = await staging.page(after=after, rta_id=rta_id, limit=limit)
        assert len(page.entries) <= limit
        found.extend(page.entries)
        after = page.after
        if after is None:
            return found
    raise AssertionError("the pages never end")


@pytest.fixture
async def filled(staging: Staging) -> Staging:
    await asyncio.gather(*(put(staging, key, audio(n)) for n, key in enumerate(KEYS)))
    return staging


@pytest.mark.parametrize("limit", [1, 2, 7, 15, 100])
async def test_pages_of_any_size_hold_every_key_once_and_in_order(
    filled: Staging, limit: int
) -> None:
    assert [entry.key for entry in await walk(filled, limit=limit)] == KEYS


async def test_pages_of_one_stream(filled: Staging) -> None:
    own = [key for key in KEYS if key.startswith("a-b/")]
    assert [entry.key for entry in await walk(filled, limit=2, rta_id="a-b")] == own
    assert await walk(filled, limit=2, rta_id="nobody") == []


async def test_released_and_discarded_keys_are_in_no_page(filled: Staging) -> None:
    for key in KEYS[:4]:
        await filled.release(key)
    await filled.discard(KEYS[5])
    left = [KEYS[4], *KEYS[6:]]
    assert [entry.key for entry in await walk(filled, limit=3)] == left
    page = await filled.page(after=KEYS[6], limit=2)
    assert [entry.key for entry in page.entries] == KEYS[7:9]


async def test_entries_say_when_the_bytes_came(filled: Staging) -> None:
    for entry in await walk(filled, limit=4):
        assert abs(time.time() - entry.staged_at_s) < 120


async def test_nothing_staged_is_one_empty_page(staging: Staging) -> None:
    page = await staging.page(limit=5)
    assert (page.entries, page.after) == ((), None)


@pytest.mark.parametrize("rta_id", ["..", ".incoming", "a/b", "/"])
async def test_what_is_no_stream_has_no_page(filled: Staging, rta_id: str) -> None:
    assert await walk(filled, limit=5, rta_id=rta_id) == []
