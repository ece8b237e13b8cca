"""The client against the service as a process, and against answers that a service may give."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures.answering import answering
from tests.fixtures.pinning import TOKEN, pinning_service
from vibesflow.errors import PinningDown, PinningLied, PinningRefused
from vibesflow.filecoin.reading.cids import parse_cid
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.pinning import PinataClient
from vibesflow.settings import PinningSettings, ReadSettings

ANOTHER_FILE = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"

Source = Callable[[], AsyncIterator[bytes]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PinningSettings]:
    with pinning_service(tmp_path_factory.mktemp("pins")) as settings:
        yield settings


def source_of(data: bytes) -> Source:
    async def source() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 64 * 1024):
            yield data[at : at + 64 * 1024]

    return source


async def fetched(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(url)


@pytest.mark.parametrize("size", [127, 256 * 1024, 1_500_000])
async def test_pinned_bytes_come_back_through_the_gateway_until_they_are_let_go(
    service: PinningSettings, tmp_path: Path, size: int
) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311 - test data
    client = PinataClient(service, TOKEN)
    pin = await client.pin(
        "rta/chunk 1", source_of(data), size_bytes=size, content_type="audio/webm"
    )
    again = await client.pin("other", source_of(data), size_bytes=size, content_type="audio/webm")
    assert (pin.is_verified, again.pin_id, again.ipfs_cid) == (True, pin.pin_id, pin.ipfs_cid)
    assert (await fetched(pin.url)).content == data
    settings = ReadSettings(cache_dir=tmp_path)

    async def nobody() -> tuple[()]:
        return ()

    async with PieceReader(settings, nobody, ipfs_gateway=service.gateway) as reader:
        content = await reader.open(parse_cid(pin.ipfs_cid))
        assert content.size == size
        await content.close()
    await client.unpin(pin)
    await client.unpin(pin)
    assert (await fetched(pin.url)).status_code == 404
    await client.close()


async def test_a_wrong_token_is_named_as_the_cause_and_never_shown(
    service: PinningSettings,
) -> None:
    client = PinataClient(service, "wrong-secret")
    with pytest.raises(PinningRefused, match="401") as caught:
        await client.pin("n", source_of(b"x" * 200), size_bytes=200, content_type="audio/webm")
    assert "wrong-secret" not in str(caught.value)
    await client.close()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"data": {"id": "1", "cid": ANOTHER_FILE}}, PinningLied),
        (200, {"unheard": "of"}, PinningDown),
        (429, {}, PinningDown),
        (503, {}, PinningDown),
        (402, {}, PinningRefused),
    ],
)
async def test_each_answer_has_its_error(
    status: int, body: dict[str, object], error: type[Exception]
) -> None:
    with answering(status, body) as base:
        settings = PinningSettings.model_validate({"token": "t", "url": base, "files_url": base})
        client = PinataClient(settings, "t")
        with pytest.raises(error):
            await client.pin("n", source_of(b"x" * 200), size_bytes=200, content_type="audio/webm")
        await client.close()


async def test_a_service_that_is_not_there_is_down() -> None:
    settings = PinningSettings.model_validate({"token": "t", "url": "http://127.0.0.1:9/v3/files"})
    client = PinataClient(settings, "t")
    with pytest.raises(PinningDown):
        await client.pin("n", source_of(b"x" * 200), size_bytes=200, content_type="audio/webm")
    await client.close()
