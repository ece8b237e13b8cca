from __future__ import annotations

import asyncio

import pytest

from vibesflow.filecoin.reading.shared import Shared


async def test_one_run_for_all_who_wait_and_a_new_one_later() -> None:
    shared, runs = Shared[int](), 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0.01)
        return runs

    assert await asyncio.gather(*(shared.join("a", work) for _ in range(5))) == [1] * 5
    assert await shared.join("a", work) == 2
    assert len(shared) == 0


async def test_keys_do_not_wait_for_each_other() -> None:
    shared = Shared[str]()

    async def forever() -> str:
        await asyncio.Event().wait()
        return ""

    async def at_once() -> str:
        return "b"

    stuck = asyncio.create_task(shared.join("a", forever))
    await asyncio.sleep(0)
    assert await shared.join("b", at_once) == "b"
    assert "a" in shared
    assert "b" not in shared
    await shared.close()
    with pytest.raises(asyncio.CancelledError):
        await stuck


async def test_work_goes_on_when_all_have_left() -> None:
    shared, done = Shared[None](), asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.set()

    waiting = asyncio.create_task(shared.join("a", work))
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(5):
        await done.wait()


async def test_failures_reach_everybody() -> None:
    shared = Shared[None]()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    results = await asyncio.gather(
        *(shared.join("a", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ZeroDivisionError] * 3
