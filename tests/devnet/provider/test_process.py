from __future__ import annotations

import subprocess
import sys

from tests.devnet.provider.process import ProviderProcess, World


def _run(provider: ProviderProcess, *extra: str, key: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
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
