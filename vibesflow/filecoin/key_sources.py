"""Where keys come from: a variable, a file, or an encrypted keystore."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eth_account import Account
from pydantic import SecretStr

from vibesflow.errors import KeyMalformed, SettingsInvalid
from vibesflow.settings import FilecoinSettings

_KEY: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key as it was found.

    Attributes:
        key: the private key, 32 bytes; never shown.
        origin: the setting that gave it, for messages.
    """

    key: bytes = field(repr=False)
    origin: str


def session_key_of(settings: FilecoinSettings) -> FoundKey | None:
    """Return the session key that the settings give; None if they give none.

    Raises:
        SettingsInvalid: they give two, or a file that cannot be read.
        KeyMalformed: what they give is no key.
    """
    return _only(
        _from_text("VIBESFLOW_SESSION_KEY", settings.session_key),
        _from_file("VIBESFLOW_SESSION_KEY_FILE", settings.session_key_file),
    )


def wallet_key_of(settings: FilecoinSettings) -> FoundKey | None:
    """Return the payer's own key that the settings give; None if they give none.

    Raises:
        SettingsInvalid: they give several, or a file that cannot be read.
        KeyMalformed: what they give is no key.
    """
    return _only(
        _from_text("VIBESFLOW_PRIVATE_KEY", settings.private_key),
        _from_file("VIBESFLOW_PRIVATE_KEY_FILE", settings.private_key_file),
        _from_keystore(settings.private_keystore, settings.keystore_password_file),
    )


def _only(*sources: FoundKey | None) -> FoundKey | None:
    found = [source for source in sources if source is not None]
    if len(found) > 1:
        raise SettingsInvalid(f"{' and '.join(one.origin for one in found)}: give one of them")
    return found[0] if found else None


def _from_text(origin: str, secret: SecretStr | None) -> FoundKey | None:
    return None if secret is None else _parsed(origin, secret.get_secret_value())


def _from_file(origin: str, path: Path | None) -> FoundKey | None:
    return None if path is None else _parsed(origin, _read(origin, path))


def _parsed(origin: str, text: str) -> FoundKey:
    match = _KEY.fullmatch(text.strip())
    if match is None:
        raise KeyMalformed(f"{origin}: not a key of 32 bytes in hex")
    return FoundKey(bytes.fromhex(match[1]), origin)


def _from_keystore(path: Path | None, password_file: Path | None) -> FoundKey | None:
    """Decrypt a Web3 secret storage file, as wallets write it; that takes about a second."""
    origin = "VIBESFLOW_PRIVATE_KEYSTORE"
    if path is None:
        return None
    if password_file is None:
        raise SettingsInvalid(f"VIBESFLOW_KEYSTORE_PASSWORD_FILE: needed beside {origin}")
    password = _read("VIBESFLOW_KEYSTORE_PASSWORD_FILE", password_file).rstrip("\r\n")
    try:
        keystore = json.loads(_read(origin, path))
        return FoundKey(bytes(Account.decrypt(keystore, password)), origin)
    except SettingsInvalid:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with it, no word of it may be shown
        raise KeyMalformed(
            f"{origin}: not an encrypted keystore, or VIBESFLOW_KEYSTORE_PASSWORD_FILE is wrong"
        ) from None


def _read(origin: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsInvalid(f"{origin}: {error.strerror}: {path}") from error
    except UnicodeDecodeError:
        raise KeyMalformed(f"{origin}: not a text file") from None
