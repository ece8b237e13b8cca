from __future__ import annotations

import pytest

from vibesflow.errors import NoProvider, ProviderDown, RetryClass
from vibesflow.filecoin import ProviderInfo
from vibesflow.filecoin.selection import choose


def _provider(provider_id: int, *, approved: bool = True) -> ProviderInfo:
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
        endorsed=True,
    )


ALL = (_provider(1), _provider(2), _provider(3), _provider(4, approved=False))


async def _choose(
    *,
    preferred: int | None = None,
    exclude: frozenset[int] = frozenset(),
    with_data_set: frozenset[int] = frozenset(),
    dead: frozenset[int] = frozenset(),
) -> int:
    async def ping(provider: ProviderInfo) -> None:
        if provider.provider_id in dead:
            raise ProviderDown(f"sp {provider.provider_id} is dead")

    chosen = await choose(
        ALL, ping, preferred=preferred, exclude=exclude, with_data_set=with_data_set
    )
    return chosen.provider_id


async def test_the_first_approved_one_that_answers() -> None:
    assert await _choose() == 1
    assert await _choose(dead=frozenset({1})) == 2
    assert await _choose(exclude=frozenset({1, 2})) == 3


async def test_the_preferred_one_comes_first_if_it_will_do() -> None:
    assert await _choose(preferred=3) == 3
    assert await _choose(preferred=3, exclude=frozenset({3})) == 1
    assert await _choose(preferred=3, dead=frozenset({3})) == 1
    assert await _choose(preferred=4) == 1


async def test_one_with_a_data_set_of_ours_comes_before_the_others() -> None:
    assert await _choose(with_data_set=frozenset({2})) == 2
    assert await _choose(with_data_set=frozenset({2}), preferred=3) == 3


async def test_nobody_left() -> None:
    with pytest.raises(NoProvider, match=r"except the excluded \[1, 2, 3\]") as caught:
        await _choose(exclude=frozenset({1, 2, 3}))
    assert caught.value.retry is RetryClass.WAIT
    assert caught.value.retry_after_s


async def test_nobody_answers_and_each_fault_is_named() -> None:
    with pytest.raises(NoProvider, match="1: sp 1 is dead; 2: sp 2 is dead; 3: sp 3 is dead"):
        await _choose(dead=frozenset({1, 2, 3}))


async def test_nobody_is_approved() -> None:
    async def ping(_: ProviderInfo) -> None:
        raise AssertionError("nobody is asked")

    with pytest.raises(NoProvider, match=r"no provider is approved$"):
        await choose(ALL[3:], ping, preferred=4, exclude=frozenset(), with_data_set=frozenset())
