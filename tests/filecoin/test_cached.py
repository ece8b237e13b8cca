from __future__ import annotations

import asyncio

import pytest

from vibesflow.filecoin.cached import Cached


class Counter:
    def __init__(self) -> None:
        self.loads = 0
        self.fails = False
        self.now_s = 0.0

    async def load(self) -> int:
        self.loads += 1
        await asyncio.sleep(0)
        if self.fails:
            raise OSError("down")
        return self.loads


async def test_a_value_is_believed_for_its_life() -> None:
    counter = Counter()
    cached = Cached(counter.load, life_s=10, now_s=lambda: counter.now_s)
    assert [await cached.get(), await cached.get()] == [1, 1]
    counter.now_s = 9.9
    assert await cached.get() == 1
    counter.now_s = 10
    assert await cached.get() == 2


async def test_callers_at_the_same_time_share_one_load() -> None:
    counter = Counter()
    cached = Cached(counter.load, life_s=10)
    assert await asyncio.gather(*(cached.get() for _ in range(5))) == [1] * 5


async def test_faults_are_not_remembered() -> None:
    counter = Counter()
    cached = Cached(counter.load, life_s=10)
    counter.fails = True
    with pytest.raises(OSError, match="down"):
        await cached.get()
    counter.fails = False
    assert await cached.get() == 2


async def test_a_value_can_be_forgotten() -> None:
    counter = Counter()
    cached = Cached(counter.load, life_s=10)
    await cached.get()
    cached.forget()
    assert await cached.get() == 2
