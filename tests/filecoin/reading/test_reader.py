"""Whom the reader asks, whom it believes, and what it says when nobody will do."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from tests.filecoin.piece_vectors import ramp, zeros
from tests.filecoin.reading.shelf import HEDGE_S, PATIENCE_S, Shelf, never, shelf
from tests.filecoin.small_server import HANG_UP, Reply, Request, small_server, text
from vibesflow.errors import (
    ChainDown,
    Overloaded,
    PieceNotFound,
    PieceTooLarge,
    ProviderDown,
    ProviderLied,
    ProviderRefused,
    ReadCacheDown,
    VibesflowError,
)
from vibesflow.filecoin import piece_cid_of
from vibesflow.filecoin.reading import reader as reader_module
from vibesflow.filecoin.reading.content import Content
from vibesflow.filecoin.reading.holders import Holder
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.filecoin.retrieval import piece_path
from vibesflow.settings import ReadSettings

DATA = ramp(700_000)
CID = piece_cid_of(DATA)
GOOD = Reply(200, DATA)


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path / "cache", 3) as opened:
        yield opened


async def test_the_first_source_is_enough_and_the_next_read_asks_nobody(three: Shelf) -> None:
    three.servers[0].replies = [GOOD]
    assert await three.read(CID) == DATA
    assert await three.read(CID) == DATA
    assert three.asked == [1, 0, 0]
    assert three.servers[0].seen[0].path == f"/{piece_path(CID.text)}"
    assert three.names == {CID.text}


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(text(404, "not held"), id="404"),
        pytest.param(text(429, "busy", Retry_After="30"), id="429"),
        pytest.param(text(500, "oh"), id="500"),
        pytest.param(HANG_UP, id="dead"),
        pytest.param(Reply(200, DATA, cut=300_000), id="truncated"),
        pytest.param(Reply(200, DATA[:-1]), id="short"),
        pytest.param(Reply(200, DATA + b"\0"), id="long"),
        pytest.param(Reply(200, DATA[:-1] + b"\xff"), id="wrong bytes"),
        pytest.param(text(302, "", Location="http://127.0.0.1:9/"), id="redirect"),
    ],
)
async def test_a_bad_source_is_replaced_at_once(three: Shelf, bad: Reply) -> None:
    for server in three.servers[:2]:
        server.replies = [bad]
    three.servers[2].replies = [GOOD]
    began = time.monotonic()
    assert await three.read(CID) == DATA
    assert time.monotonic() - began < PATIENCE_S / 3
    assert three.asked == [1, 1, 1]
    assert three.names == {CID.text}


async def test_silent_sources_cost_the_hedge_delay_each(three: Shelf) -> None:
    three.servers[0].handler = three.servers[1].handler = never
    three.servers[2].replies = [GOOD]
    began = time.monotonic()
    assert await three.read(CID) == DATA
    assert 2 * HEDGE_S * 0.9 < time.monotonic() - began < PATIENCE_S / 3
    assert three.names == {CID.text}


async def test_who_was_silent_is_asked_last_the_next_time(three: Shelf) -> None:
    three.servers[0].handler = never
    three.servers[1].handler = lambda request: (
        GOOD if CID.text in request.path else Reply(200, b"x" * 200)
    )
    assert await three.read(CID) == DATA
    assert await three.read(piece_cid_of(b"x" * 200)) == b"x" * 200
    assert three.asked[:2] == [1, 2]


async def test_a_source_that_drips_is_overtaken(three: Shelf) -> None:
    three.servers[0].replies = [Reply(200, DATA, drip_s=HEDGE_S)]
    three.servers[1].replies = [GOOD]
    began = time.monotonic()
    assert await three.read(CID) == DATA
    dripping_s = HEDGE_S * len(DATA) / 16_384
    assert time.monotonic() - began < dripping_s / 3
    assert three.asked == [1, 1, 0]
    assert three.names == {CID.text}


async def test_a_source_that_is_late_may_still_win(three: Shelf) -> None:
    async def late(_: Request) -> Reply:
        await asyncio.sleep(HEDGE_S * 1.5)
        return GOOD

    three.servers[0].handler = late
    three.servers[1].handler = three.servers[2].handler = never
    assert await three.read(CID) == DATA
    assert three.asked[:2] == [1, 1]


async def test_a_source_that_sends_well_is_left_alone(three: Shelf) -> None:
    """It takes longer than the hedge delay, and yet nobody else is asked."""
    data = ramp(12_000_000)
    pause_s = 0.002
    three.servers[0].replies = [Reply(200, data, drip_s=pause_s)]
    began = time.monotonic()
    assert await three.read(piece_cid_of(data)) == data
    assert time.monotonic() - began > HEDGE_S
    assert three.asked == [1, 0, 0]


async def test_trailing_zeros_are_told_apart(three: Shelf) -> None:
    """Providers look pieces up without their size, and may serve the shorter one."""
    three.servers[0].replies = [Reply(200, zeros(126))]
    three.servers[1].replies = [Reply(200, zeros(127))]
    assert await three.read(piece_cid_of(zeros(127))) == zeros(127)


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ([text(404, "a"), text(404, "b"), text(410, "c")], PieceNotFound),
        ([text(404, "a"), text(500, "b"), text(404, "c")], ProviderDown),
        ([HANG_UP, HANG_UP, HANG_UP], ProviderDown),
        ([text(429, "a"), text(404, "b"), text(404, "c")], ProviderDown),
        ([text(404, "a"), Reply(200, DATA[1:]), text(404, "c")], ProviderLied),
        ([text(451, "a"), text(404, "b"), text(404, "c")], ProviderRefused),
        ([Reply(200, b""), text(503, "b"), text(404, "c")], ProviderDown),
    ],
)
async def test_what_it_means_that_all_failed(
    three: Shelf, replies: list[Reply], error: type[VibesflowError]
) -> None:
    for server, reply in zip(three.servers, replies, strict=True):
        server.replies = [reply]
    with pytest.raises(VibesflowError) as raised:
        await three.read(CID)
    assert type(raised.value) is error
    assert three.asked == [1, 1, 1]
    assert three.names == set()


async def test_the_shortest_wait_is_passed_on(three: Shelf) -> None:
    for server, wait in zip(three.servers, ("30", "7", "12"), strict=True):
        server.replies = [text(429, "busy", Retry_After=wait)]
    with pytest.raises(ProviderDown) as raised:
        await three.read(CID)
    assert raised.value.retry_after_s == 7


async def test_silence_ends(tmp_path: Path) -> None:
    async with shelf(tmp_path, 2, timeout_s=HEDGE_S) as opened:
        opened.servers[0].handler = opened.servers[1].handler = never
        with pytest.raises(ProviderDown, match="ReadTimeout"):
            await opened.read(CID)


async def test_nobody_to_ask(tmp_path: Path) -> None:
    async with shelf(tmp_path, 0) as opened:
        with pytest.raises(PieceNotFound, match="there is none"):
            await opened.read(CID)


async def test_many_who_ask_at_once_share_one_fetch(three: Shelf) -> None:
    async def slow(_: Request) -> Reply:
        await asyncio.sleep(HEDGE_S / 3)
        return GOOD

    three.servers[0].handler = slow
    assert await asyncio.gather(*(three.read(CID) for _ in range(20))) == [DATA] * 20
    assert three.asked == [1, 0, 0]


async def test_a_shared_failure_reaches_all_and_is_not_remembered(three: Shelf) -> None:
    results = await asyncio.gather(*(three.read(CID) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [PieceNotFound] * 5
    three.servers[2].replies = [GOOD]
    assert await three.read(CID) == DATA


async def test_whoever_leaves_does_not_stop_the_others(three: Shelf) -> None:
    told = asyncio.Event()

    async def when_told(_: Request) -> Reply:
        await told.wait()
        return GOOD

    three.servers[0].handler = when_told
    leaving = asyncio.create_task(three.read(CID))
    staying = asyncio.create_task(three.read(CID))
    while not three.servers[0].seen:
        await asyncio.sleep(0.01)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    told.set()
    assert await staying == DATA


async def test_too_many_at_once(three: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MOST_FETCHES", 1)
    three.servers[0].handler = never
    first = asyncio.create_task(three.read(CID))
    while not three.servers[0].seen:
        await asyncio.sleep(0.01)
    with pytest.raises(Overloaded):
        await three.read(piece_cid_of(DATA[1:]))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_a_piece_beyond_the_limit_is_not_even_asked_for(tmp_path: Path) -> None:
    async with shelf(tmp_path, 1, max_bytes=len(DATA) - 1) as opened:
        with pytest.raises(PieceTooLarge):
            await opened.read(CID)
        assert opened.asked == [0]


async def test_the_cdn_comes_first(tmp_path: Path) -> None:
    async with (
        small_server() as cdn,
        shelf(tmp_path, 1, cdn_url=f"{cdn.url}/") as opened,
    ):
        cdn.handler = lambda _: GOOD
        assert await opened.read(CID) == DATA
        assert [request.path for request in cdn.seen] == [f"/{CID.text}"]
        assert opened.asked == [0]


async def test_a_cdn_without_the_piece_leads_to_the_providers(tmp_path: Path) -> None:
    async with (
        small_server() as cdn,
        shelf(tmp_path, 1, cdn_url=f"{cdn.url}/") as opened,
    ):
        opened.servers[0].replies = [GOOD]
        assert await opened.read(CID) == DATA
        assert len(cdn.seen) == 1


async def test_the_cdn_needs_no_chain(tmp_path: Path) -> None:
    async def down() -> tuple[Holder, ...]:
        raise ChainDown("gone")

    settings = ReadSettings(cache_dir=tmp_path, hedge_s=HEDGE_S)
    async with (
        small_server() as cdn,
        PieceReader(settings, down, cdn_url=f"{cdn.url}/") as reader,
    ):
        cdn.handler = lambda _: GOOD
        content = await reader.open(CID)
        assert await content.read(0, content.size) == DATA
        await content.close()


async def test_a_file_that_is_cut_off_while_it_is_served_is_no_shorter_piece(three: Shelf) -> None:
    three.servers[0].handler = lambda _: GOOD
    content = await three.reader.open(CID)
    os.truncate(three.folder / CID.text, 100)
    with pytest.raises(ReadCacheDown, match="cut off"):
        async for _ in content.blocks(0, content.size):
            pass
    await content.close()
    assert await three.read(CID) == DATA


async def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    async with shelf(tmp_path / "file" / "cache", 1) as opened:
        opened.servers[0].handler = lambda _: GOOD
        with pytest.raises(ReadCacheDown) as raised:
            await opened.read(CID)
        assert str(tmp_path) not in raised.value.message


async def _longest_turn_s(work: Awaitable[Content]) -> float:
    """How long the event loop was held up at most while the work went on."""
    task = asyncio.ensure_future(work)
    longest_s, last_s = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        longest_s, last_s = max(longest_s, time.perf_counter() - last_s), time.perf_counter()
    await (await task).close()
    return longest_s


async def test_hashing_leaves_the_event_loop_alone(tmp_path: Path) -> None:
    """Neither a fetch nor a file that another process left holds the loop while it is hashed."""
    data = ramp(24_000_000)
    began_s = time.perf_counter()
    cid = piece_cid_of(data)
    hashing_s = time.perf_counter() - began_s
    async with shelf(tmp_path, 1) as opened:
        opened.servers[0].handler = lambda _: Reply(200, data)
        assert await _longest_turn_s(opened.reader.open(cid)) < hashing_s / 2
    async with shelf(tmp_path, 1) as opened:
        assert await _longest_turn_s(opened.reader.open(cid)) < hashing_s / 2
        assert opened.asked == [0]


async def test_a_folder_of_its_own_goes_with_the_reader(tmp_path: Path) -> None:
    async with shelf(tmp_path, 1, cache_dir=None) as opened:
        opened.servers[0].handler = lambda _: GOOD
        assert await opened.read(CID) == DATA
        own = Path(str(opened.reader._own_folder))
        assert [path.name for path in own.iterdir()] == [CID.text]
    assert not own.exists()
