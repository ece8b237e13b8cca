from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx

from devnet.ports import free_port
from tests.devnet.provider.payer import upload
from tests.devnet.provider.process import ProviderProcess, World


def _run(provider: ProviderProcess, *extra: str, key: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [
            *(sys.executable, "-m", "devnet.provider", "--port", "0"),
            *("--data-dir", str(provider.folder / "data"), "--rpc-url", provider.rpc_url),
            *("--devnet-info", str(provider.devnet_info), *extra),
        ],
        env={"PATH": "/usr/bin:/bin", "PROVIDER_PRIVATE_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_folder_has_one_provider(world: World) -> None:
    ended = _run(world.first, key=world.first.account.private_key)
    assert ended.returncode == 2
    assert "another provider works in" in ended.stderr


def test_a_provider_needs_a_key_and_never_shows_it(world: World) -> None:
    none = _run(world.first)
    assert (none.returncode, "PROVIDER_PRIVATE_KEY" in none.stderr) == (2, True)
    bad = _run(world.first, key="0xsecret")
    assert (bad.returncode, "32 bytes of hex" in bad.stderr) == (2, True)
    assert "secret" not in bad.stderr
    missing = _run(world.first, "--key-file", "/nonexistent")
    assert (missing.returncode, "cannot read the key file" in missing.stderr) == (2, True)


def test_requests_are_logged_and_keys_are_not(world: World) -> None:
    log = world.first.log.read_text()
    assert "GET /pdp/ping 200" in log
    assert world.first.account.private_key.removeprefix("0x") not in log


async def test_the_age_at_which_pieces_are_dropped_is_an_option(
    world: World, tmp_path: Path
) -> None:
    provider = ProviderProcess(
        free_port(),
        world.first.account,
        tmp_path,
        world.rpc_url,
        world.first.devnet_info,
        flags=("--uncommitted-age", "1"),
    )
    await asyncio.to_thread(provider.start)
    try:
        async with httpx.AsyncClient(base_url=provider.url, trust_env=False) as http:
            cid = await upload(http, os.urandom(400))
            async with asyncio.timeout(30):
                while (await http.get("/pdp/piece", params={"pieceCid": cid.text})).is_success:
                    await asyncio.sleep(0.1)
            assert (await http.get(f"/piece/{cid}")).status_code == 404
    finally:
        assert await asyncio.to_thread(provider.stop) == 0
