"""The chain's set-up as a job of its own, for `docker-compose.yml`: ``python -m devnet.compose``.

It deploys the contracts, or finds them, registers the providers and leaves in one folder what the
other containers need: the devnet's JSON export, the payer's key and one key for each provider.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from devnet.chain import accounts
from devnet.chain.deploy import deploy
from devnet.chain.providers import numbered

EXPORT_NAME = "devnet.json"
PAYER_KEY_NAME = "payer.key"


def provider_key_name(number: int) -> str:
    """Return the name of the file that holds a provider's key; providers count from 1."""
    return f"provider-{number}.key"


def set_up(rpc_url: str, service_urls: list[str], folder: Path) -> None:
    """Prepare the chain and write the folder; may be repeated.

    Raises:
        ChainDown: the node does not answer.
    """
    specs = []
    for number, url in enumerate(service_urls, start=1):
        specs.append(numbered(number, url))
        _write_secret(folder / provider_key_name(number), specs[-1].private_key)
    _write_secret(folder / PAYER_KEY_NAME, accounts.payer().private_key)
    deploy(rpc_url, specs, folder / EXPORT_NAME)


def main() -> int:
    """Run the job; its exit code is 0 once the folder is complete."""
    parser = argparse.ArgumentParser("python -m devnet.compose", description=__doc__)
    parser.add_argument("--rpc-url", required=True, help="JSON-RPC address of the chain")
    parser.add_argument("--folder", type=Path, required=True, help="where the files are written")
    parser.add_argument(
        "--provider", action="append", required=True, help="base address of a provider"
    )
    arguments = parser.parse_args()
    set_up(arguments.rpc_url, arguments.provider, arguments.folder)
    return 0


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
