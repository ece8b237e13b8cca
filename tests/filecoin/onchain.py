"""A real chain with real contracts, two provider processes, and payers with money."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.chain import rpc
from devnet.chain.accounts import provider_account
from devnet.chain.contracts import Addresses, addresses
from devnet.chain.deploy import deploy
from devnet.chain.funding import USDFC, fund
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.chain.transactions import Chain
from devnet.ports import free_port
from tests.devnet.provider.process import ProviderProcess
from tests.filecoin.front import Front, front
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.settings import FilecoinSettings, NetworkName

OTHER_PAYEE = "0x00000000000000000000000000000000000FEE00"


@dataclass
class Onchain:
    """Clients reach the providers through ``fronts``."""

    chain: Chain
    export: Path
    fronts: tuple[Front, Front]
    processes: tuple[ProviderProcess, ProviderProcess]

    @property
    def places(self) -> Addresses:
        return addresses()

    def settings(self, source: str = "test") -> FilecoinSettings:
        return FilecoinSettings.model_construct(
            network=NetworkName.DEVNET, devnet_info=self.export, rpc_urls=(), source=source
        )

    async def payer(self, deposit_usdfc: int = 100) -> LocalAccount:
        """A new account that may spend so much on storage."""
        account: LocalAccount = Account.from_key(secrets.token_bytes(32))
        await asyncio.to_thread(
            fund, self.chain, self.places, "0x" + bytes(account.key).hex(), deposit_usdfc * USDFC
        )
        return account

    async def open(self, account: LocalAccount, source: str = "test") -> FilecoinClient:
        return await self.open_key(bytes(account.key), source)

    async def open_key(self, key: bytes, source: str = "test") -> FilecoinClient:
        return await FilecoinClient.open(self.settings(source), Signer(key))

    async def active_pieces(self, data_set_id: int) -> int:
        verifier = self.chain.contract("PDPVerifier", self.places.pdp_verifier)
        function = verifier.functions.getActivePieceCount(data_set_id)
        return int(await asyncio.to_thread(self.chain.read, function))

    async def data_sets(self, payer: str) -> list[int]:
        view = self.chain.contract("FilecoinWarmStorageServiceStateView", self.places.state_view)
        return list(await asyncio.to_thread(self.chain.read, view.functions.clientDataSets(payer)))

    async def piece_metadata(self, data_set_id: int, piece_id: int) -> dict[str, str]:
        view = self.chain.contract("FilecoinWarmStorageServiceStateView", self.places.state_view)
        function = view.functions.getAllPieceMetadata(data_set_id, piece_id)
        keys, values = await asyncio.to_thread(self.chain.read, function)
        return dict(zip(keys, values, strict=True))

    async def data_set_metadata(self, data_set_id: int) -> dict[str, str]:
        view = self.chain.contract("FilecoinWarmStorageServiceStateView", self.places.state_view)
        function = view.functions.getAllDataSetMetadata(data_set_id)
        keys, values = await asyncio.to_thread(self.chain.read, function)
        return dict(zip(keys, values, strict=True))

    async def terminate(self, account: LocalAccount, data_set_id: int) -> None:
        """End a data set's service, as the payer."""
        fwss = self.chain.contract("FilecoinWarmStorageService", self.places.fwss)
        function = fwss.get_function_by_signature("terminateService(uint256)")(data_set_id)
        await asyncio.to_thread(self.chain.send, account, function)

    async def node(self, method: str, *params: object) -> object:
        """Tell the node something about itself."""
        return await asyncio.to_thread(rpc.call, self.chain.rpc_url, method, *params)


@asynccontextmanager
async def onchain(folder: Path) -> AsyncIterator[Onchain]:
    with ChainNode(log=folder / "anvil.log") as node:
        async with front() as first, front() as second:
            export = folder / "devnet.json"
            keys = [provider_account(number).private_key for number in (1, 2, 3, 4)]
            specs = [
                ProviderSpec("one", first.url, keys[0]),
                ProviderSpec("two", f"{second.url}/", keys[1], endorsed=False, payee=OTHER_PAYEE),
                ProviderSpec("unapproved", "http://127.0.0.1:9", keys[2], approved=False),
                ProviderSpec("unreachable", "ftp://127.0.0.1", keys[3]),
            ]
            await asyncio.to_thread(deploy, node.rpc_url, specs, export)
            processes = _processes(folder, node.rpc_url, export)
            try:
                for process, shown in zip(processes, (first, second), strict=True):
                    await asyncio.to_thread(process.start)
                    shown.behind = process.url
                yield Onchain(Chain(node.rpc_url), export, (first, second), processes)
            finally:
                for process in processes:
                    if process.child is not None:
                        await asyncio.to_thread(process.stop)


def _processes(folder: Path, rpc_url: str, export: Path) -> tuple[ProviderProcess, ProviderProcess]:
    first, second = (
        ProviderProcess(
            free_port(),
            provider_account(number),
            folder / str(number),
            rpc_url,
            export,
            flags=("--admin",),
        )
        for number in (1, 2)
    )
    return first, second
