import asyncio
import os
import signal

import pytest

from starter.cli.interrupts import until_interrupted


async def test_work_that_ends_by_itself_gives_its_result() -> None:
    async def work() -> str:
        return "done"

    assert await until_interrupted(work()) == "done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_work_after_its_clean_up(number: signal.Signals) -> None:
    cleaned: list[str] = []

    async def work() -> str:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")
        return "not reached"

    assert await until_interrupted(work()) is None
    assert cleaned == ["up"]


async def test_a_fault_of_the_work_is_its_own() -> None:
    async def work() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await until_interrupted(work())


async def test_cancelling_from_outside_is_no_interruption() -> None:
    task = asyncio.create_task(until_interrupted(asyncio.sleep(30)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
