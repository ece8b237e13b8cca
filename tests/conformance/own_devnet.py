"""Our own devnet, for runs that no other one is named for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devnet.chain.accounts import provider_account
from devnet.chain.deploy import deploy
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.ports import free_port
from tests.devnet.provider.process import ProviderProcess

OTHER_PAYEE = "0x00000000000000000000000000000000000FEE00"
"""Paid for what the third provider stores; in the registry, payee and provider may differ."""


@contextmanager
def own_devnet(folder: Path, *, block_time_s: float | None = None) -> Iterator[Path]:
    """Run a chain with contracts and three provider processes; yields the export."""
    export = folder / "devnet.json"
    with (
        ChainNode(log=folder / "anvil.log", block_time_s=block_time_s) as node,
        ExitStack() as ends,
    ):
        providers = [_provider(folder, number, node.rpc_url, export) for number in (1, 2, 3)]
        deploy(node.rpc_url, [_spec(provider) for provider in providers], export)
        for provider in providers:
            provider.start()
            ends.callback(provider.stop)
        yield export


def _provider(folder: Path, number: int, rpc_url: str, export: Path) -> ProviderProcess:
    account = provider_account(number)
    return ProviderProcess(
        free_port(), account, folder / account.name, rpc_url, export, ("--admin",)
    )


def _spec(provider: ProviderProcess) -> ProviderSpec:
    """Enlist the third one as a place for further copies alone, and with another payee."""
    third = provider.account == provider_account(3)
    return ProviderSpec(
        name=provider.account.name,
        service_url=provider.url,
        private_key=provider.account.private_key,
        endorsed=not third,
        payee=OTHER_PAYEE if third else None,
    )
