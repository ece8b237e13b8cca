"""Money for fresh payers, out of the pockets of the devnet's own users."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from eth_account import Account

from tests.conformance.subject import Subject
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.filecoin.abi import Function
from vibesflow.filecoin.devnet_info import DevnetUser
from vibesflow.filecoin.payments.reader import PayAddresses, PurseReader
from vibesflow.filecoin.reads import Reads
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.transactions import Transactions

FIL: Final = 10**18
USDFC: Final = 10**18
GAS_GRANT: Final = 2 * FIL

_TRANSFER: Final = Function("transfer", ("address", "uint256"), ("bool",))
_WITHDRAW: Final = Function("withdraw", ("address", "uint256"))
_POLL_S: Final = 0.1
_RECEIPT_S: Final = 600.0


class NoMoney(Exception):
    """No user of the devnet can spare what is asked for."""


@dataclass(frozen=True)
class Payer:
    """An account that pays for storage.

    Attributes:
        key: its private key.
        fresh: nobody has used it before; else it is a user of the devnet.
    """

    key: bytes
    fresh: bool

    @classmethod
    def penniless(cls) -> Payer:
        """Return a new account that can pay for nothing."""
        return cls(secrets.token_bytes(32), fresh=True)

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address)


class Bank:
    """Transfers FIL and USDFC from the devnet's users, as any wallet could.

    USDFC that a user has deposited into Filecoin Pay and not spent is withdrawn first.
    """

    def __init__(self, subject: Subject, rpc: Rpc, addresses: PayAddresses) -> None:
        self._subject = subject
        self._rpc = rpc
        self._at = addresses

    def first_user(self) -> Payer:
        """Return the devnet's first user, who pays itself when nobody can share.

        Raises:
            NoMoney: the export names no users.
        """
        if not self._subject.info.info.users:
            raise NoMoney("the export names no users")
        return Payer(_key_of(self._subject.info.info.users[0]), fresh=False)

    async def fresh_payer(self, usdfc: int) -> Payer:
        """Return a new account with FIL for gas and so much USDFC in its wallet.

        Raises:
            NoMoney: no user has that much to spare.
        """
        payer = Payer.penniless()
        poor = []
        for user in self._subject.info.info.users:
            key = _key_of(user)
            async with await self._subject.open(key) as client:
                reason = await self._give(client, Signer(key), payer.address, usdfc)
            if reason is None:
                return payer
            poor.append(f"{user.name} {reason}")
        raise NoMoney("; ".join(poor) or "the export names no users")

    async def _give(self, client: FilecoinClient, user: Signer, to: str, usdfc: int) -> str | None:
        """Return why the user cannot, or None after it has."""
        wallet = await client.wallet()
        if wallet.fil < 2 * GAS_GRANT:
            return f"holds {wallet.fil} attoFIL, which is too little to share"
        if wallet.usdfc + wallet.balance.available < usdfc:
            return f"can spare {wallet.usdfc + wallet.balance.available} attoUSDFC of {usdfc}"
        sends = Transactions(
            self._rpc,
            user,
            self._subject.network.chain_id,
            poll_s=_POLL_S,
            receipt_s=_RECEIPT_S,
        )
        if (missing := usdfc - wallet.usdfc) > 0:
            data = _WITHDRAW.encode(self._at.usdfc, missing)
            await sends.send(self._at.pay, data, doing="withdraw USDFC for a fresh payer")
        await sends.send(to, b"", value=GAS_GRANT, doing="give FIL to a fresh payer")
        data = _TRANSFER.encode(to, usdfc)
        await sends.send(self._at.usdfc, data, doing="give USDFC to a fresh payer")
        return None


def _key_of(user: DevnetUser) -> bytes:
    return bytes.fromhex(user.private_key_hex.get_secret_value().removeprefix("0x"))


@asynccontextmanager
async def open_bank(subject: Subject) -> AsyncIterator[Bank]:
    network = subject.network
    rpc = Rpc(network.rpc_urls, network.chain_id)
    try:
        addresses = await PurseReader(Reads(rpc, network.multicall3), network).addresses()
        yield Bank(subject, rpc, addresses)
    finally:
        await rpc.close()
