from __future__ import annotations

import asyncio
import logging

import pytest

from vibesflow.errors import ChainDown, SettingsInvalid, VibesflowError
from vibesflow.filecoin.networks import CALIBRATION
from vibesflow.filecoin.reading.holders import LIFE_S, Holder, Holders
from vibesflow.filecoin.reading.opening import cdn_url

ONE, TWO = Holder(1, "http://one"), Holder(2, "http://two")


class Registry:
    """A chain whose answer a test decides, and a clock that it turns."""

    def __init__(self) -> None:
        self.answer: tuple[Holder, ...] | VibesflowError = (ONE,)
        self.asked = 0
        self.now_s = 0.0
        self.pause = asyncio.Event()
        self.pause.set()

    async def load(self) -> tuple[Holder, ...]:
        self.asked += 1
        await self.pause.wait()
        if isinstance(self.answer, VibesflowError):
            raise self.answer
        return self.answer

    def holders(self, timeout_s: float = 5) -> Holders:
        return Holders(self.load, timeout_s=timeout_s, now_s=lambda: self.now_s)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_chain_is_asked_once_for_all() -> None:
    registry = Registry()
    holders = registry.holders()
    assert await asyncio.gather(*(holders.get() for _ in range(3))) == [(ONE,)] * 3
    registry.now_s = LIFE_S - 1
    assert await holders.get() == (ONE,)
    assert registry.asked == 1
    await holders.close()


async def test_an_old_answer_is_given_while_a_new_one_is_fetched() -> None:
    registry = Registry()
    holders = registry.holders()
    await holders.get()
    registry.now_s, registry.answer = LIFE_S, (ONE, TWO)
    registry.pause.clear()
    assert await holders.get() == (ONE,)
    assert await holders.get() == (ONE,)
    registry.pause.set()
    await settled()
    assert await holders.get() == (ONE, TWO)
    assert registry.asked == 2
    await holders.close()


async def test_a_chain_that_is_down_later_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    registry = Registry()
    holders = registry.holders()
    await holders.get()
    registry.now_s, registry.answer = LIFE_S, ChainDown("gone")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert await holders.get() == (ONE,)
            await settled()
    assert registry.asked == 2
    assert "gone" in caplog.text
    await holders.close()


@pytest.mark.parametrize("error", [ChainDown("gone"), SettingsInvalid("another chain")])
async def test_a_chain_that_is_down_at_first_is_named_and_asked_again(
    error: VibesflowError,
) -> None:
    registry = Registry()
    holders = registry.holders()
    registry.answer = error
    with pytest.raises(ChainDown, match=error.message):
        await holders.get()
    registry.answer = (TWO,)
    assert await holders.get() == (TWO,)
    await holders.close()


async def test_the_first_answer_is_not_awaited_for_ever() -> None:
    registry = Registry()
    registry.pause.clear()
    holders = registry.holders(timeout_s=0.05)
    with pytest.raises(ChainDown, match="within"):
        await holders.get()
    await holders.close()


async def test_closing_stops_a_renewal() -> None:
    registry = Registry()
    holders = registry.holders()
    await holders.get()
    registry.now_s = LIFE_S
    registry.pause.clear()
    await holders.get()
    await settled()
    async with asyncio.timeout(5):
        await holders.close()


def test_the_cdn_is_addressed_by_the_payer_in_lower_case() -> None:
    payer = "0xedD801D6c993B3c8052e485825A725ee09F1ff4D"
    assert cdn_url(CALIBRATION, payer) == f"https://{payer.lower()}.calibration.filbeam.io/"
    assert cdn_url(CALIBRATION, None) is None
