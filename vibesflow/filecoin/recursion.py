"""Keeps the interpreter's recursion limit, which one of web3's libraries raises for everybody.

At the raised limit a deeply nested answer overflows the C stack and kills the process; at the
usual one it is a `RecursionError`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from typing import Final

USUAL_LIMIT: Final = 1_000
"""CPython's own."""

_RAISED_LIMIT: Final = 100_000


def keep_recursion_limit() -> None:
    """Load the library that raises the limit, and put the limit back."""
    before = sys.getrecursionlimit()
    with suppress(ModuleNotFoundError):
        import_module("py_ecc")
    if sys.getrecursionlimit() >= _RAISED_LIMIT:
        sys.setrecursionlimit(before if before < _RAISED_LIMIT else USUAL_LIMIT)
