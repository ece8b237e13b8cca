"""The payer's key: loaded once, used to sign, never shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_account.types import TransactionDictType
from eth_typing import Hash32

from vibesflow.errors import SettingsInvalid
from vibesflow.settings import FilecoinSettings

_KEY: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


class Signer:
    """Signs on behalf of one account.

    Args:
        key: the private key, 32 bytes.
        origin: the setting the key came from, for messages.

    Raises:
        SettingsInvalid: the key is no secp256k1 key. No message ever shows it.
    """

    __slots__ = ("_account",)

    def __init__(self, key: bytes, *, origin: str = "the private key") -> None:
        try:
            self._account: LocalAccount = Account.from_key(key)
        except Exception:  # noqa: BLE001 - several libraries complain, some quoting the key
            raise SettingsInvalid(f"{origin}: not a secp256k1 private key") from None

    @classmethod
    def load(cls, settings: FilecoinSettings) -> Signer:
        """Load the key that the settings give, as text or in a file.

        Raises:
            SettingsInvalid: there is none, or it is not 32 bytes in hex.
        """
        if settings.private_key is not None:
            origin, text = "VIBESFLOW_PRIVATE_KEY", settings.private_key.get_secret_value()
        elif settings.private_key_file is not None:
            origin, text = "VIBESFLOW_PRIVATE_KEY_FILE", _read(settings.private_key_file)
        else:
            raise SettingsInvalid(
                "VIBESFLOW_PRIVATE_KEY or VIBESFLOW_PRIVATE_KEY_FILE: one is needed to sign"
            )
        match = _KEY.fullmatch(text.strip())
        if match is None:
            raise SettingsInvalid(f"{origin}: not a key of 32 bytes in hex")
        return cls(bytes.fromhex(match[1]), origin=origin)

    @property
    def address(self) -> str:
        """The account, in EIP-55 checksum form."""
        return str(self._account.address)

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest; returns r, s and v (27 or 28), 65 bytes."""
        return bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)

    def sign_transaction(self, transaction: TransactionDictType) -> bytes:
        """Sign a whole transaction; returns the bytes that a node takes."""
        return bytes(self._account.sign_transaction(transaction).raw_transaction)

    def __repr__(self) -> str:
        return f"Signer({self.address})"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise SettingsInvalid(f"VIBESFLOW_PRIVATE_KEY_FILE: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY_FILE: not a key of 32 bytes in hex") from None
