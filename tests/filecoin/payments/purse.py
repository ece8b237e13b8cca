"""A payer whose money is all in its wallet, and what the contracts say of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.chain.funding import endow
from tests.filecoin.onchain import Onchain
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.filecoin.payments.units import ATTO


@dataclass(frozen=True)
class PoorClient:
    """A client, its account, and the chain seen past the client."""

    world: Onchain
    account: LocalAccount
    client: FilecoinClient

    @property
    def address(self) -> str:
        return str(self.account.address)

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator[FilecoinClient]:
        """A client of the same payer, as another process has it."""
        async with await self.world.open(self.account) as client:
            yield client

    async def deposited(self) -> int:
        """Funds in Filecoin Pay."""
        pay = self.world.chain.contract("FilecoinPayV1", self.world.places.pay)
        call = pay.functions.accounts(self.world.places.usdfc, self.address)
        return int((await asyncio.to_thread(self.world.chain.read, call))[0])

    async def in_wallet(self) -> int:
        token = self.world.chain.contract("MockUSDFC", self.world.places.usdfc)
        call = token.functions.balanceOf(self.address)
        return int(await asyncio.to_thread(self.world.chain.read, call))

    async def approval(self) -> list[int]:
        pay = self.world.chain.contract("FilecoinPayV1", self.world.places.pay)
        places = self.world.places
        call = pay.functions.operatorApprovals(places.usdfc, self.address, places.fwss)
        return list(await asyncio.to_thread(self.world.chain.read, call))

    async def sent(self) -> int:
        """Transactions that the account has sent."""
        count = await self.world.node("eth_getTransactionCount", self.address, "latest")
        return int(str(count), 16)

    async def pay(self, function: str, *arguments: object) -> None:
        """Call Filecoin Pay as the payer, past the client."""
        contract = self.world.chain.contract("FilecoinPayV1", self.world.places.pay)
        call = contract.get_function_by_name(function)(*arguments)
        await asyncio.to_thread(self.world.chain.send, self.account, call)


@asynccontextmanager
async def poor_client(
    world: Onchain, *, usdfc: int = 50, ceiling: str = "100"
) -> AsyncIterator[PoorClient]:
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    await asyncio.to_thread(endow, world.chain, world.places, account.address, usdfc * ATTO)
    settings = world.settings().model_copy(update={"fund_ceiling_usdfc": Decimal(ceiling)})
    async with await FilecoinClient.open(settings, Signer(bytes(account.key))) as client:
        yield PoorClient(world, account, client)
