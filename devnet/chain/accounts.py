"""Accounts of the devnet, derived from the mnemonic that local EVM nodes share.

Everybody knows these keys. They hold play money on a chain of our own and must never be used on
another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.chain.anvil import ACCOUNT_COUNT, MNEMONIC

_FIRST_PROVIDER = 10


@dataclass(frozen=True)
class DevAccount:
    """A funded account.

    Attributes:
        name: as the devnet's export names it.
        address: EIP-55 checksummed.
        private_key: 32 bytes in hex with 0x.
    """

    name: str
    address: str
    private_key: str = field(repr=False)

    @property
    def local(self) -> LocalAccount:
        """The account as something that signs."""
        signer: LocalAccount = Account.from_key(self.private_key)
        return signer


@cache
def dev_account(index: int, name: str) -> DevAccount:
    """Return the account at BIP-44 index ``index`` of `MNEMONIC`."""
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return DevAccount(name, str(account.address), account.key.to_0x_hex())


def deployer() -> DevAccount:
    """Return the account that deploys and owns the contracts."""
    return dev_account(0, "DEPLOYER")


def payer() -> DevAccount:
    """Return the account that pays for storage, the first user of the devnet."""
    return dev_account(1, "USER_1")


def provider_account(number: int) -> DevAccount:
    """Return the account of provider ``number``, counted from 1.

    Raises:
        ValueError: the node funds no account of that number.
    """
    index = _FIRST_PROVIDER + number - 1
    if not _FIRST_PROVIDER <= index < ACCOUNT_COUNT:
        raise ValueError(f"there is no provider account {number}")
    return dev_account(index, f"PDP_SP_{number}")
