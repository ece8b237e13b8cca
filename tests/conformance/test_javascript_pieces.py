"""Both clients name, store and fetch pieces alike."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.conformance.javascript_client import JavaScriptClient, JavaScriptError
from tests.conformance.steps import read_back, stored
from vibesflow.filecoin import FilecoinClient, ProviderInfo, piece_cid_of

SIZES = (65, 126, 127, 128, 254, 255, 1_000, 1_016, 1_017, 1_024, 8_127, 65_536, 130_048, 1_000_003)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["random", "zeros"])
async def test_the_same_name_for_the_same_bytes(
    javascript: JavaScriptClient, tmp_path: Path, size: int, kind: str
) -> None:
    payload = secrets.token_bytes(size) if kind == "random" else bytes(size)
    file = tmp_path / "payload"
    file.write_bytes(payload)
    ours = piece_cid_of(payload)
    assert await javascript.ask("pieceCid", path=str(file)) == ours.text
    assert await javascript.ask("pieceSize", cid=ours.text) == ours.raw_size == size


@pytest.mark.parametrize("flow", ["upload", "uploadDeclared"])
async def test_what_javascript_stores_we_read(
    javascript: JavaScriptClient,
    client: FilecoinClient,
    home: ProviderInfo,
    tmp_path: Path,
    flow: str,
) -> None:
    payload = secrets.token_bytes(200_000)
    file = tmp_path / "payload"
    file.write_bytes(payload)
    answer = await javascript.ask(flow, url=home.service_url, path=str(file))
    assert answer == {"cid": piece_cid_of(payload).text, "size": len(payload)}
    assert await javascript.ask("find", url=home.service_url, cid=answer["cid"]) == answer["cid"]
    assert await client.is_ready(home, answer["cid"])
    assert await read_back(client, home, answer["cid"]) == payload


async def test_what_we_store_javascript_finds_and_verifies(
    javascript: JavaScriptClient, client: FilecoinClient, home: ProviderInfo, tmp_path: Path
) -> None:
    payload = secrets.token_bytes(200_000)
    cid = await stored(client, home, payload)
    assert await javascript.ask("find", url=home.service_url, cid=cid) == cid
    assert await javascript.ask("whoHolds", cid=cid) == home.provider_id
    url, file = client.retrieval_url(home, cid), tmp_path / "fetched"
    assert await javascript.ask("download", url=url, cid=cid, path=str(file)) == len(payload)
    assert file.read_bytes() == payload


async def test_javascript_refuses_other_bytes(
    javascript: JavaScriptClient, client: FilecoinClient, home: ProviderInfo, tmp_path: Path
) -> None:
    cid = await stored(client, home, secrets.token_bytes(500))
    other = piece_cid_of(secrets.token_bytes(500)).text
    url = client.retrieval_url(home, cid)
    with pytest.raises(JavaScriptError, match="PieceCID verification failed"):
        await javascript.ask("download", url=url, cid=other, path=str(tmp_path / "none"))
