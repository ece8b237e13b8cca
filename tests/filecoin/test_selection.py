from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from vibesflow.errors import NoProvider, ProviderDown, RetryClass
from vibesflow.filecoin import ProviderInfo
from vibesflow.filecoin.cooldowns import FIRST_S, Cooldowns
from vibesflow.filecoin.selection import Selection, Wish, takes


def _provider(
    provider_id: int, *, approved: bool = True, endorsed: bool = False, capacity: str = ""
) -> ProviderInfo:
    return ProviderInfo(
        provider_id=provider_id,
        name=f"sp {provider_id}",
        address="0x" + "11" * 20,
        payee="0x" + "22" * 20,
        service_url="http://sp.test",
        location="C=XX",
        min_piece_size_bytes=127,
        max_piece_size_bytes=2**30,
        approved=approved,
        endorsed=endorsed,
        capacity=capacity,
    )


ALL = (_provider(1), _provider(2), _provider(3), _provider(4, approved=False))


class Pings:
    def __init__(self) -> None:
        self.dead: frozenset[int] = frozenset()
        self.asked: list[int] = []

    async def __call__(self, provider: ProviderInfo) -> None:
        self.asked.append(provider.provider_id)
        await asyncio.sleep(0)
        if provider.provider_id in self.dead:
            raise ProviderDown(f"sp {provider.provider_id} is dead")


class Choice:
    """A selection over some providers; the clock stands unless it is moved."""

    def __init__(self, providers: tuple[ProviderInfo, ...] = ALL) -> None:
        self.now_s = 0.0
        self.pings = Pings()
        self.providers = providers
        self.selection = Selection(self.pings, cooldowns=Cooldowns(now_s=lambda: self.now_s))

    async def ids(self, wish: Wish) -> list[int]:
        chosen = await self.selection.choose(self.providers, wish)
        return [provider.provider_id for provider in chosen]


async def test_the_first_approved_ones_that_answer() -> None:
    choice = Choice()
    assert await choice.ids(Wish(1)) == [1]
    assert await choice.ids(Wish(2)) == [1, 2]
    assert await choice.ids(Wish(9)) == [1, 2, 3]
    assert await choice.ids(Wish(2, exclude=frozenset({1, 2}))) == [3]


async def test_a_dead_one_is_replaced_by_the_next() -> None:
    choice = Choice()
    choice.pings.dead = frozenset({1})
    assert await choice.ids(Wish(2)) == [2, 3]
    assert choice.pings.asked == [1, 2, 3]


async def test_preferred_ones_come_first_in_their_order_if_they_will_do() -> None:
    assert await Choice().ids(Wish(3, preferred=(3, 2))) == [3, 2, 1]
    assert await Choice().ids(Wish(1, preferred=(3,), exclude=frozenset({3}))) == [1]
    assert await Choice().ids(Wish(1, preferred=(4,))) == [1]


async def test_a_data_set_of_ours_goes_before_endorsement_and_that_before_the_rest() -> None:
    choice = Choice((*ALL, _provider(5, endorsed=True)))
    assert await choice.ids(Wish(3)) == [5, 1, 2]
    assert await choice.ids(Wish(3, with_data_set=frozenset({2}))) == [2, 5, 1]
    assert await choice.ids(Wish(2, preferred=(3,), with_data_set=frozenset({2}))) == [3, 2]


async def test_one_with_a_recent_fault_comes_last_until_it_has_rested() -> None:
    choice = Choice()
    choice.selection.cooldowns.note_fault(1)
    assert await choice.ids(Wish(3, preferred=(1,))) == [2, 3, 1]
    choice.now_s = FIRST_S
    assert await choice.ids(Wish(1)) == [1]
    choice.selection.cooldowns.note_fault(1)
    choice.selection.cooldowns.note_success(1)
    assert await choice.ids(Wish(1)) == [1]


async def test_one_that_did_not_answer_is_not_asked_again_at_once() -> None:
    choice = Choice()
    choice.pings.dead = frozenset({1})
    assert await choice.ids(Wish(1)) == [2]
    assert await choice.ids(Wish(2)) == [2, 3]
    assert choice.pings.asked == [1, 2, 2, 3]


async def test_those_that_do_not_take_the_size_are_left_out() -> None:
    small, large = ALL[0], replace(ALL[1], min_piece_size_bytes=2**20)
    choice = Choice((replace(small, max_piece_size_bytes=2**20), large))
    assert await choice.ids(Wish(2, size_bytes=5_000)) == [1]
    assert await choice.ids(Wish(2, size_bytes=2_000_000)) == [2]
    with pytest.raises(NoProvider, match="approved and takes 2000000 bytes except the excluded"):
        await choice.ids(Wish(1, size_bytes=2_000_000, exclude=frozenset({2})))


@pytest.mark.parametrize(
    ("size_bytes", "smallest", "largest", "fits"),
    [
        (127, 128, 128, True),
        (128, 128, 128, False),
        (127, 256, 1024, False),
        (254, 256, 1024, True),
        (1016, 0, 1024, True),
        (1017, 0, 1024, False),
        (1_065_353_216, 127, 1_065_353_216, True),
        (1_065_353_217, 127, 1_065_353_216, False),
        (10**12, 0, 0, True),
    ],
)
def test_limits_count_padded_bytes(
    size_bytes: int, smallest: int, largest: int, fits: bool
) -> None:
    provider = replace(ALL[0], min_piece_size_bytes=smallest, max_piece_size_bytes=largest)
    assert takes(provider, size_bytes) is fits


async def test_nobody_left() -> None:
    with pytest.raises(NoProvider, match=r"except the excluded \[1, 2, 3\]") as caught:
        await Choice().ids(Wish(2, exclude=frozenset({1, 2, 3})))
    assert caught.value.retry is RetryClass.WAIT
    assert caught.value.retry_after_s


async def test_nobody_answers_and_each_fault_is_named() -> None:
    choice = Choice()
    choice.pings.dead = frozenset({1, 2, 3})
    with pytest.raises(NoProvider, match="1: sp 1 is dead; 2: sp 2 is dead; 3: sp 3 is dead"):
        await choice.ids(Wish(2))


async def test_nobody_is_approved() -> None:
    choice = Choice(ALL[3:])
    with pytest.raises(NoProvider, match=r"no provider is approved$"):
        await choice.ids(Wish(1, preferred=(4,)))
    assert choice.pings.asked == []


async def test_a_choice_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    choice = Choice((_provider(1, capacity="capacityTib=40"),))
    with caplog.at_level(logging.INFO, "vibesflow.filecoin.selection"):
        await choice.ids(Wish(1))
        await choice.ids(Wish(1))
    (line,) = caplog.messages
    assert line == f"chose provider 1: sp 1, 0x{'11' * 20}, http://sp.test, C=XX, capacityTib=40"
