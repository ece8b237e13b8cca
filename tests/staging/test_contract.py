"""What staging promises, whatever it is made of."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from tests.staging.audio import MAX_BYTES, audio, blocks, digest, get, held, put
from vibesflow.errors import (
    ChunkConflict,
    ChunkTooLarge,
    ChunkTooSmall,
    InvalidInput,
    StagedBytesMissing,
)
from vibesflow.staging import Staged, Staging
from vibesflow.stream.ids import parse_chunk_id

KEY = "rta_1/0000000000001-00000001-0"


async def test_staged_bytes_come_back_in_blocks(staging: Staging) -> None:
    data = audio(1, 3_000_001)
    staged = await put(staging, KEY, data)
    assert staged == Staged(len(data), digest(data), created=True)
    sizes = [len(block) async for block in staging.read(KEY)]
    assert max(sizes) <= 256 * 1024
    assert await get(staging, KEY) == data
    assert await staging.stat(KEY) == Staged(len(data), digest(data))


async def test_real_chunk_ids_give_usable_keys(staging: Staging) -> None:
    chunk_id = parse_chunk_id(f"{'a' * 94}:z_chunk_0007_1763829000123_final")
    await put(staging, chunk_id.staging_key, audio(2))
    assert await get(staging, chunk_id.staging_key) == audio(2)
    assert await held(staging) == [chunk_id.staging_key]


async def test_the_same_bytes_again_are_no_error(staging: Staging) -> None:
    await put(staging, KEY, audio(1))
    again = await put(staging, KEY, audio(1))
    assert again == Staged(1_000, digest(audio(1)), created=False)


async def test_other_bytes_lose(staging: Staging) -> None:
    await put(staging, KEY, audio(1))
    for other in (audio(2), audio(1)[:-1], audio(1) + b"x"):
        with pytest.raises(ChunkConflict):
            await put(staging, KEY, other)
    assert await get(staging, KEY) == audio(1)


async def test_of_many_writers_exactly_one_wins(staging: Staging) -> None:
    offers = [audio(seed, 50_000) for seed in range(32)]
    results = await asyncio.gather(
        *(put(staging, KEY, data) for data in offers), return_exceptions=True
    )
    winners = [index for index, result in enumerate(results) if isinstance(result, Staged)]
    assert [type(r) for r in results].count(ChunkConflict) == 31
    assert len(winners) == 1
    assert await get(staging, KEY) == offers[winners[0]]


async def test_of_many_writers_of_the_same_bytes_one_creates(staging: Staging) -> None:
    results = await asyncio.gather(*(put(staging, KEY, audio(1, 50_000)) for _ in range(16)))
    assert sum(result.created for result in results) == 1
    assert {(result.size, result.sha256) for result in results} == {
        (50_000, digest(audio(1, 50_000)))
    }


@pytest.mark.parametrize("size", [0, 1, 126])
async def test_too_few_bytes_leave_nothing(staging: Staging, size: int) -> None:
    with pytest.raises(ChunkTooSmall):
        await put(staging, KEY, audio(1, size))
    assert await staging.stat(KEY) is None
    assert await held(staging) == []


async def test_the_smallest_chunk_counts_as_held(staging: Staging) -> None:
    await put(staging, KEY, audio(1, 127))
    assert await held(staging) == [KEY]
    assert await get(staging, KEY) == audio(1, 127)


async def test_too_many_bytes_stop_the_reading(staging: Staging) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1_000)

    with pytest.raises(ChunkTooLarge):
        await staging.stage(KEY, endless(), max_bytes=10_000)
    assert taken == 11
    assert await staging.stat(KEY) is None


async def test_the_limit_itself_is_allowed(staging: Staging) -> None:
    staged = await put(staging, KEY, audio(1, 10_000), max_bytes=10_000)
    assert staged.size == 10_000


async def test_a_failing_source_leaves_nothing_and_its_error_comes_through(
    staging: Staging,
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield audio(1, 5_000)
        raise ConnectionResetError("the sender went away")

    with pytest.raises(ConnectionResetError):
        await staging.stage(KEY, broken(), max_bytes=MAX_BYTES)
    assert await staging.stat(KEY) is None
    assert (await put(staging, KEY, audio(2))).created


async def test_a_cancelled_stage_leaves_the_key_free(staging: Staging) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield audio(1, 2_000_000)
        await asyncio.sleep(60)

    task = asyncio.create_task(staging.stage(KEY, slow(), max_bytes=MAX_BYTES))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await put(staging, KEY, audio(2))).created


async def test_what_was_never_staged_is_missing(staging: Staging) -> None:
    assert await staging.stat(KEY) is None
    with pytest.raises(StagedBytesMissing):
        await get(staging, KEY)
    assert await held(staging) == []
    assert await held(staging, "rta_1") == []


async def test_released_bytes_are_gone_and_their_digest_stays(staging: Staging) -> None:
    await put(staging, KEY, audio(1))
    await staging.release(KEY)
    assert await staging.stat(KEY) == Staged(1_000, digest(audio(1)), released=True)
    assert await held(staging) == []
    with pytest.raises(StagedBytesMissing):
        await get(staging, KEY)


async def test_after_release_the_same_bytes_are_known_and_others_lose(staging: Staging) -> None:
    await put(staging, KEY, audio(1))
    await staging.release(KEY)
    again = await put(staging, KEY, audio(1))
    assert again == Staged(1_000, digest(audio(1)), created=False, released=True)
    with pytest.raises(ChunkConflict):
        await put(staging, KEY, audio(2))
    assert await held(staging) == []


async def test_release_and_discard_may_be_repeated(staging: Staging) -> None:
    await staging.release(KEY)
    await staging.discard(KEY)
    await put(staging, KEY, audio(1))
    await staging.release(KEY)
    await staging.release(KEY)
    assert await staging.stat(KEY) == Staged(1_000, digest(audio(1)), released=True)
    await staging.discard(KEY)
    await staging.discard(KEY)
    assert await staging.stat(KEY) is None


async def test_a_discarded_key_takes_other_bytes(staging: Staging) -> None:
    await put(staging, KEY, audio(1))
    await staging.discard(KEY)
    assert (await put(staging, KEY, audio(2))).created
    assert await get(staging, KEY) == audio(2)


async def test_reading_goes_on_while_the_key_is_released(staging: Staging) -> None:
    data = audio(1, 200_000)
    await put(staging, KEY, data)
    reader = staging.read(KEY)
    first = await anext(reader)
    await staging.release(KEY)
    assert first + b"".join([block async for block in reader]) == data


async def test_keys_come_in_order_and_by_stream(staging: Staging) -> None:
    streams = ["a", "a-b", "a.b", "a_b", "b"]
    keys = [f"{rta}/{n:013d}-00000000-0" for rta in streams for n in (1, 2, 10)]
    shuffled = random.Random(7).sample(keys, len(keys))  # noqa: S311
    await asyncio.gather(*(put(staging, key, audio(n)) for n, key in enumerate(shuffled)))
    await staging.release(keys[0])
    await staging.check()
    assert await held(staging) == sorted(keys[1:])
    assert await held(staging, "a-b") == sorted(k for k in keys if k.startswith("a-b/"))
    assert await held(staging, "a") == sorted(k for k in keys[1:] if k.startswith("a/"))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a",
        "a/",
        "/a",
        "../a",
        "a/..",
        "a/../b",
        "a/b/c",
        "a/.b",
        ".incoming/b",
        "a//b",
        "a/b\n",
        "a\x00/b",
        "/etc/passwd",
        "ä/b",
        "a/" + "b" * 129,
    ],
)
async def test_keys_that_lead_elsewhere_are_refused(staging: Staging, key: str) -> None:
    with pytest.raises(InvalidInput):
        await staging.stage(key, blocks(audio(1)), max_bytes=MAX_BYTES)
    with pytest.raises(InvalidInput):
        await staging.stat(key)
    with pytest.raises(InvalidInput):
        await get(staging, key)
    with pytest.raises(InvalidInput):
        await staging.release(key)
    with pytest.raises(InvalidInput):
        await staging.discard(key)


@pytest.mark.parametrize("rta_id", ["..", "", ".incoming", "a/b", "/"])
async def test_keys_of_no_stream_are_none(staging: Staging, rta_id: str) -> None:
    await put(staging, KEY, audio(1))
    assert await held(staging, rta_id) == []


async def test_rivals_of_one_key_never_leave_it_contradictory(staging: Staging) -> None:
    """Stage, release and discard at random; whoever was acknowledged last must still be there."""

    async def life(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(12):
            try:
                await put(staging, KEY, audio(seed))
            except ChunkConflict:
                await (staging.discard(KEY) if dice.random() < 0.3 else asyncio.sleep(0))
            else:
                await (staging.release(KEY) if dice.random() < 0.5 else asyncio.sleep(0))

    await asyncio.gather(*(life(seed) for seed in range(6)))
    known = await staging.stat(KEY)
    if known is not None and not known.released:
        assert digest(await get(staging, KEY)) == known.sha256
    await staging.discard(KEY)
    assert (await put(staging, KEY, audio(99))).created
