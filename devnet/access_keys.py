"""The keys of a world's door: made once, kept in its data folder for their owner alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from vibesflow.settings import AccessSettings, variable
from vibesflow.settings.env_lines import parse_env_lines

_NAMES = tuple(variable(AccessSettings, field) for field in ("ticket_key", "operator_key"))


def access_keys(path: Path) -> Mapping[str, str]:
    """Return the ticket key and the operator key by variable, from a file that is made if missing.

    Raises:
        SettingsInvalid: the file is there and malformed.
    """
    if not path.exists():
        text = "".join(f"{name}={secrets.token_urlsafe(32)}\n" for name in _NAMES)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    return dict(parse_env_lines(path, path.read_text(encoding="utf-8").splitlines()))
