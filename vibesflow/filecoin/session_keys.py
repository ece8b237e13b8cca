"""Keys that may sign for a wallet for a while, so that its own key can stay elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_typing import BlockNumber
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.types import FilterParams, LogReceipt

from vibesflow.errors import InvalidInput, SettingsInvalid
from vibesflow.filecoin import abi
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.events import AUTHORIZATIONS_UPDATED
from vibesflow.filecoin.permissions import Permission
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.transactions import Receipt, Transactions

MAX_ORIGIN_BYTES: Final = 64

_BLOCKS_A_CALL: Final = 2_880
"""One day of epochs; public endpoints refuse longer ranges."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A key and what it may sign.

    Attributes:
        address: the key's account, in checksum form.
        expires_s: until when, in Unix seconds, by permission; 0 for never, or not any more.
    """

    address: str
    expires_s: Mapping[Permission, int]

    def allowed(self, permission: Permission, now_s: float) -> bool:
        """Tell whether it may sign this now; the contracts compare with the block's time."""
        return self.expires_s[permission] >= now_s


class SessionKeys:
    """The session keys of one wallet.

    Args:
        rpc: endpoints of the chain.
        chain: reads what is authorized.
        payer: the wallet.
        transactions: sends as the wallet; None for a process without its own key.
    """

    def __init__(
        self, rpc: Rpc, chain: Chain, payer: str, transactions: Transactions | None
    ) -> None:
        self._rpc = rpc
        self._chain = chain
        self._payer = payer
        self._transactions = transactions

    async def find(self, address: str) -> SessionKey:
        """Return what a key may sign at the latest block.

        Raises:
            ChainDown: the chain cannot be asked.
        """
        expiries = await self._chain.authorization_expiries(
            self._payer, address, [permission.type_hash for permission in Permission]
        )
        return SessionKey(
            to_checksum_address(address), dict(zip(Permission, expiries, strict=True))
        )

    async def updated_within(self, blocks: int) -> list[SessionKey]:
        """Return the keys that were authorized or revoked within the newest blocks.

        Args:
            blocks: how far back to look; one block is an epoch of 30 s.

        Raises:
            ChainDown: the chain cannot be asked, or does not keep its log that long.
        """
        newest = await self._rpc.ask("block number", _block_number)
        first = max(0, newest - blocks + 1)
        found: dict[str, None] = {}
        for start in range(first, newest + 1, _BLOCKS_A_CALL):
            end = min(start + _BLOCKS_A_CALL - 1, newest)
            found |= dict.fromkeys(await self._updated_between(start, end))
        return [await self.find(address) for address in found]

    async def authorize(
        self, address: str, permissions: Collection[Permission], *, expires_s: int, origin: str
    ) -> Receipt:
        """Allow a key to sign until a time; returns once that has landed.

        Args:
            address: the key's account.
            permissions: what it may sign; others that it has are left as they are.
            expires_s: until when, in Unix seconds.
            origin: which program asks for it, for people who look at the chain.

        Raises:
            SettingsInvalid: the wallet's own key is not here.
            InvalidInput: no permission, or an origin that is too long.
            ChainFault: as `Transactions.send` does.
        """
        hashes = _hashes(permissions, origin)
        data = abi.LOGIN.encode(address, expires_s, hashes, origin)
        return await self._send(data, f"authorize the session key {address}")

    async def revoke(
        self, address: str, permissions: Collection[Permission], *, origin: str
    ) -> Receipt:
        """Forbid a key to sign, from the block on that has this; raises as `authorize` does."""
        data = abi.REVOKE.encode(address, _hashes(permissions, origin), origin)
        return await self._send(data, f"revoke the session key {address}")

    async def _send(self, data: bytes, doing: str) -> Receipt:
        if self._transactions is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: only the wallet's own key can do that")
        registry = await self._chain.session_key_registry()
        return await self._transactions.send(registry, data, doing=doing)

    async def _updated_between(self, start: int, end: int) -> list[str]:
        identity = bytes(12) + bytes.fromhex(self._payer[2:])
        wanted: FilterParams = {
            "address": to_checksum_address(await self._chain.session_key_registry()),
            "topics": [HexBytes(AUTHORIZATIONS_UPDATED.topic0), HexBytes(identity)],
            "fromBlock": BlockNumber(start),
            "toBlock": BlockNumber(end),
        }

        async def ask(web3: AsyncWeb3[AsyncHTTPProvider]) -> Sequence[LogReceipt]:
            return await web3.eth.get_logs(wanted)

        logs = await self._rpc.ask("session keys in the log", ask)
        return [to_checksum_address(bytes(log["data"])[12:32]) for log in logs]


async def _block_number(web3: AsyncWeb3[AsyncHTTPProvider]) -> int:
    return int(await web3.eth.block_number)


def _hashes(permissions: Collection[Permission], origin: str) -> list[bytes]:
    if not permissions:
        raise InvalidInput("no permission is named")
    if len(origin.encode()) > MAX_ORIGIN_BYTES:
        raise InvalidInput(f"an origin has at most {MAX_ORIGIN_BYTES} bytes")
    return [permission.type_hash for permission in dict.fromkeys(permissions)]
