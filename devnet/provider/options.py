"""What a provider process is told at start, and the limits it keeps (Curio's defaults)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from vibesflow.errors import KeyMalformed, SettingsInvalid
from vibesflow.filecoin import MAX_PIECE_BYTES, MIN_PIECE_BYTES

Clock = Callable[[], float]
"""Seconds since 1970."""


@dataclass(frozen=True)
class Limits:
    """Sizes, counts and times at which the provider says no or stops waiting."""

    min_piece_bytes: int = MIN_PIECE_BYTES
    max_piece_bytes: int = MAX_PIECE_BYTES
    max_pieces: int = 40
    max_create_extra_bytes: int = 4096
    max_removals: int = 35
    max_removal_extra_bytes: int = 1024
    max_json_bytes: int = 1 << 20
    upload_timeout_s: float = 30 * 60
    max_retrievals: int = 256
    not_found_memory_s: float = 5
    publish_delay_s: float = 0
    uncommitted_age_s: float = 2 * 3600
    unfinalized_age_s: float = 3600
    housekeeping_period_s: float = 60
    receipt_poll_s: float = 0.25
    rebroadcast_after_s: float = 5
    max_pulls: int = 120
    parallel_pulls: int = 4
    pull_attempt_s: float = 10 * 60
    pull_idle_s: float = 2 * 60
    pull_budget_s: float = 30 * 60
    pull_pauses_s: tuple[float, ...] = (30, 120)
    pull_memory_s: float = 5 * 24 * 3600


@dataclass(frozen=True)
class Options:
    """One provider: its folder, its key, its chain.

    Attributes:
        data_dir: everything that survives a crash is below this folder.
        account: sends and pays the transactions; it must be the registered provider.
        fwss: address of the warm storage contract, the only record keeper that is allowed.
        pdp_verifier: address of the PDPVerifier contract.
    """

    data_dir: Path
    rpc_url: str
    account: LocalAccount = field(repr=False)
    fwss: str
    pdp_verifier: str
    limits: Limits = field(default_factory=Limits)
    clock: Clock = time.time


class _KeyFromEnvironment(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    provider_private_key: SecretStr | None = Field(None)


def load_account(key_file: Path | None) -> LocalAccount:
    """Read the provider's key from a file, else from ``PROVIDER_PRIVATE_KEY``.

    Raises:
        SettingsInvalid: there is no key.
        KeyMalformed: it is none; the key itself is never in the message.
    """
    if key_file is not None:
        text = _read(key_file)
    else:
        held = _KeyFromEnvironment().provider_private_key
        text = held.get_secret_value() if held else ""
    if not text.strip():
        raise SettingsInvalid("give the provider's key: --key-file or PROVIDER_PRIVATE_KEY")
    try:
        account: LocalAccount = Account.from_key(text.strip())
    except Exception:  # noqa: BLE001 - whatever it is, its text may show the key
        raise KeyMalformed("the provider's key is not 32 bytes of hex") from None
    return account


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"cannot read the key file {path}: {type(error).__name__}") from None
