"""The key that signs: loaded once, never shown."""

from __future__ import annotations

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_account.types import TransactionDictType
from eth_typing import Hash32
from eth_utils.address import to_checksum_address

from vibesflow.errors import KeyMalformed, SettingsInvalid
from vibesflow.filecoin.key_sources import session_key_of, wallet_key_of
from vibesflow.settings import FilecoinSettings


class Signer:
    """Signs for a payer: with the payer's own key, or with a session key that the payer authorized.

    Args:
        key: the private key, 32 bytes.
        payer: whose money it spends; None if that is the key's own account.
        origin: the setting the key came from, for messages.

    Raises:
        KeyMalformed: the key is no secp256k1 key. No message ever shows it.
    """

    __slots__ = ("_account", "_payer")

    def __init__(
        self, key: bytes, *, payer: str | None = None, origin: str = "the private key"
    ) -> None:
        try:
            self._account: LocalAccount = Account.from_key(key)
        except Exception:  # noqa: BLE001 - several libraries complain, some quoting the key
            raise KeyMalformed(f"{origin}: not a secp256k1 private key") from None
        self._payer = self.address if payer is None else to_checksum_address(payer)

    @classmethod
    def load(cls, settings: FilecoinSettings) -> Signer:
        """Load the key that signs for storage: the session key if there is one.

        Raises:
            SettingsInvalid: there is no key, it cannot be read, or it and the payer disagree.
        """
        found = session_key_of(settings)
        if found is None:
            return cls.load_wallet(settings)
        payer = settings.payer
        if payer is None:
            if wallet_key_of(settings) is None:
                raise SettingsInvalid("VIBESFLOW_PAYER: needed beside a session key")
            payer = cls.load_wallet(settings).address
        return cls(found.key, payer=payer, origin=found.origin)

    @classmethod
    def load_wallet(cls, settings: FilecoinSettings) -> Signer:
        """Load the payer's own key, which alone can move money and authorize session keys.

        Raises:
            SettingsInvalid: there is none, it cannot be read, or it is not the payer's.
        """
        found = wallet_key_of(settings)
        if found is None:
            raise SettingsInvalid(
                "VIBESFLOW_PRIVATE_KEY, VIBESFLOW_PRIVATE_KEY_FILE or VIBESFLOW_PRIVATE_KEYSTORE: "
                "one is needed to sign"
            )
        signer = cls(found.key, origin=found.origin)
        if settings.payer is not None and to_checksum_address(settings.payer) != signer.address:
            raise SettingsInvalid(f"VIBESFLOW_PAYER: {found.origin} is the key of another account")
        return signer

    @property
    def address(self) -> str:
        """The account of the key, in EIP-55 checksum form."""
        return str(self._account.address)

    @property
    def payer(self) -> str:
        """The account that pays, in EIP-55 checksum form."""
        return self._payer

    @property
    def delegated(self) -> bool:
        """The key is a session key: it signs for the payer and cannot send transactions."""
        return self.address != self._payer

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest; returns r, s and v (27 or 28), 65 bytes."""
        return bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)

    def sign_transaction(self, transaction: TransactionDictType) -> bytes:
        """Sign a whole transaction; returns the bytes that a node takes.

        Raises:
            SettingsInvalid: this is a session key, which can only sign what providers send.
        """
        if self.delegated:
            raise SettingsInvalid(
                "VIBESFLOW_PRIVATE_KEY: a session key cannot send transactions of the wallet"
            )
        return bytes(self._account.sign_transaction(transaction).raw_transaction)

    def __repr__(self) -> str:
        return (
            f"Signer({self.address} for {self.payer})"
            if self.delegated
            else (f"Signer({self.address})")
        )
