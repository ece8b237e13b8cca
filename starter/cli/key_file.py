"""Key files: made once, for their owner alone, never written over."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from vibesflow.errors import Conflict, InputUnreadable
from vibesflow.filecoin import Signer

_NEW_FOR_OWNER = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_OWNER_ONLY = 0o600


def write_new_key(path: Path) -> Signer:
    """Make a key and write it to a file that does not exist yet; durable when this returns.

    Raises:
        Conflict: the file exists.
        InputUnreadable: it cannot be written.
    """
    key = secrets.token_bytes(32)
    try:
        with os.fdopen(os.open(path, _NEW_FOR_OWNER, _OWNER_ONLY), "w", encoding="ascii") as file:
            file.write(f"0x{key.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise Conflict(f"{path} exists, and a key file is never written over") from error
    except OSError as error:
        raise InputUnreadable(f"cannot write {path}: {error.strerror}") from error
    return Signer(key, origin=str(path))


def discard_key(path: Path) -> None:
    """Remove the file of a key that nobody has authorized."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
