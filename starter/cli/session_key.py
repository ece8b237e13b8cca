"""``vibesflow session-key``: keys that may sign for the wallet for a while."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from eth_utils.address import to_checksum_address
from pydantic import JsonValue

from starter.cli.command import command
from starter.cli.key_file import discard_key, write_new_key
from starter.cli.output import Output
from starter.cli.session_key_view import authorized_view, keys_document, keys_table, utc
from vibesflow.errors import (
    ApprovalMissing,
    ContractReverted,
    InsufficientFunds,
    SettingsInvalid,
    TransactionFailed,
)
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.filecoin.key_sources import session_key_of, wallet_key_of
from vibesflow.filecoin.permissions import UPLOADING, Permission
from vibesflow.filecoin.session_keys import SessionKey
from vibesflow.settings import FilecoinSettings, load_settings

_BLOCKS_A_DAY: Final = 2_880
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_ALL: Final = "all"
_UPLOADING: Final = ",".join(UPLOADING)
_NOT_AUTHORIZED: Final = (ContractReverted, InsufficientFunds, ApprovalMissing, TransactionFailed)


def _permissions(text: str) -> tuple[Permission, ...]:
    if text == _ALL:
        return tuple(Permission)
    try:
        return tuple(dict.fromkeys(Permission(name.strip()) for name in text.split(",")))
    except ValueError as error:
        raise typer.BadParameter(f"{error}; there are {', '.join(Permission)}") from error


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise typer.BadParameter("not an address of 20 bytes in hex, beginning with 0x")
    return str(to_checksum_address(text))


HoursOption = Annotated[
    float,
    typer.Option("--hours", min=0.01, max=87_600, help="How long the key may sign from now on."),
]
OriginOption = Annotated[
    str, typer.Option("--origin", metavar="NAME", help="Which program asks; public on chain.")
]
GrantOption = Annotated[
    str,
    typer.Option(
        "--permissions",
        metavar="LIST",
        help=f"What it may sign, separated by commas: {', '.join(Permission)}; or {_ALL}.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Make a key and write it to this new file, mode 0600."
    ),
]
ForOption = Annotated[
    str | None,
    typer.Option(
        "--for", metavar="KEY", help="Authorize the key of this address, which exists already."
    ),
]
DaysOption = Annotated[
    int, typer.Option("--days", min=1, max=3_650, help="How far back to look for keys.")
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="Address of the session key.")]


@command
async def create(
    out: Output,
    hours: HoursOption = 24.0,
    origin: OriginOption = "vibesflow",
    permissions: GrantOption = _UPLOADING,
    file: OutOption = None,
    existing: ForOption = None,
) -> None:
    """Let a key sign for the wallet, for a while.

    A worker with that key and the wallet's address (VIBESFLOW_SESSION_KEY_FILE, VIBESFLOW_PAYER)
    stores and commits; it cannot move money. The wallet's own key sends the transaction.

    [bold]Examples[/bold]

    vibesflow session-key create --out session.key

    vibesflow session-key create --for 0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB --hours 168
    """
    if (file is None) == (existing is None):
        raise typer.BadParameter("give either --out or --for")
    granted = _permissions(permissions)
    address = None if existing is None else _address(existing)
    expires_s = int(time.time() + hours * 3600)
    async with await _open_wallet() as client:
        if address is None and file is not None:
            address = (await asyncio.to_thread(write_new_key, file)).address
        try:
            receipt = await client.session_keys.authorize(
                str(address), granted, expires_s=expires_s, origin=origin
            )
        except _NOT_AUTHORIZED:
            if file is not None:
                await asyncio.to_thread(discard_key, file)
            raise
        document: dict[str, JsonValue] = {
            "address": address,
            "payer": client.payer,
            "permissions": [one.value for one in granted],
            "expires_at": utc(expires_s),
            "file": None if file is None else str(file),
            "tx_hash": receipt.tx_hash,
        }
        out.result(document, authorized_view(document))


@command
async def list_keys(out: Output, days: DaysOption = 7) -> None:
    """List the wallet's session keys, and what each may sign.

    Shown are keys that were authorized or revoked lately, and the one of this configuration. The
    wallet's own key is not needed if VIBESFLOW_PAYER is set.

    [bold]Examples[/bold]

    vibesflow session-key list

    vibesflow session-key list --days 30 --json
    """
    settings = load_settings().filecoin
    signer = await asyncio.to_thread(_signer_if_any, settings)
    own = signer.address if signer is not None and signer.delegated else None
    async with await FilecoinClient.open(settings, signer) as client:
        keys = await client.session_keys.updated_within(days * _BLOCKS_A_DAY)
        if own is not None and own not in {key.address for key in keys}:
            keys.append(await client.session_keys.find(own))
    keys.sort(key=_last_end, reverse=True)
    now_s = time.time()
    out.result(keys_document(keys, now_s, own), keys_table(keys, now_s, own))


@command
async def revoke(
    out: Output,
    key: KeyArgument,
    permissions: GrantOption = _ALL,
    origin: OriginOption = "vibesflow",
) -> None:
    """Let a key sign no more for the wallet.

    It takes effect with the block that has it; what was signed and sent before stands. The
    wallet's own key sends the transaction.

    [bold]Examples[/bold]

    vibesflow session-key revoke 0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB
    """
    address, taken = _address(key), _permissions(permissions)
    async with await _open_wallet() as client:
        receipt = await client.session_keys.revoke(address, taken, origin=origin)
        out.result(
            {
                "address": address,
                "payer": client.payer,
                "permissions": [one.value for one in taken],
                "tx_hash": receipt.tx_hash,
            },
            f"{address} may sign no more for {client.payer}: {', '.join(taken)}",
        )


async def _open_wallet() -> FilecoinClient:
    settings = load_settings().filecoin
    signer = await asyncio.to_thread(Signer.load_wallet, settings)
    return await FilecoinClient.open(settings, signer)


def _signer_if_any(settings: FilecoinSettings) -> Signer | None:
    """Return the key that is configured; it says who the payer is, if nothing else does."""
    if session_key_of(settings) is not None:
        return Signer.load(settings)
    if wallet_key_of(settings) is not None:
        return Signer.load_wallet(settings)
    if settings.payer is None and settings.devnet_info is None:
        raise SettingsInvalid("VIBESFLOW_PAYER: needed to look at its session keys")
    return None


def _last_end(key: SessionKey) -> int:
    return max(key.expires_s.values())
