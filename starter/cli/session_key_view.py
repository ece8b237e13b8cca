"""Session keys in a form for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.table import Table

from vibesflow.filecoin.permissions import Permission
from vibesflow.filecoin.session_keys import SessionKey

_LAST_YEAR_S: Final = 253_402_300_799
"""The end of year 9999; expiries beyond it are as good as for ever."""


def utc(unix_s: int) -> str:
    """Spell a time in ISO 8601."""
    return datetime.fromtimestamp(min(unix_s, _LAST_YEAR_S), UTC).isoformat()


def authorized_view(document: Mapping[str, object]) -> RenderableType:
    """Say what a key may do now, and how a worker is given it."""
    lines = [
        f"Session key {document['address']} signs for {document['payer']} "
        f"until {document['expires_at']}"
    ]
    if document["file"] is not None:
        lines += [
            "Settings of a worker that has this key alone:",
            f"  VIBESFLOW_SESSION_KEY_FILE={document['file']}",
            f"  VIBESFLOW_PAYER={document['payer']}",
        ]
    return Group(*lines)


def keys_document(keys: Sequence[SessionKey], now_s: float, own: str | None) -> JsonValue:
    """Describe keys; ``own`` is the one of this configuration."""
    return [
        {
            "address": key.address,
            "configured": key.address == own,
            "active": any(key.allowed(one, now_s) for one in Permission),
            "permissions": {
                one.value: utc(key.expires_s[one]) if key.expires_s[one] else None
                for one in Permission
            },
        }
        for key in keys
    ]


def keys_table(keys: Sequence[SessionKey], now_s: float, own: str | None) -> RenderableType:
    """Draw keys as a table; ``own`` is the one of this configuration."""
    if not keys:
        return "No session key was authorized lately."
    table = Table("Key", *(one.value for one in Permission), "", box=None, pad_edge=False)
    for key in keys:
        ends = (_end(key, one, now_s) for one in Permission)
        table.add_row(key.address, *ends, "configured here" if key.address == own else "")
    return table


def _end(key: SessionKey, permission: Permission, now_s: float) -> str:
    expires_s = key.expires_s[permission]
    if not expires_s:
        return "-"
    return utc(expires_s) if key.allowed(permission, now_s) else "ended"
