"""Numbers in a form for people."""

from __future__ import annotations


def megabytes(size_bytes: int) -> str:
    """Spell a size in MB (10^6 bytes) with two decimals."""
    return f"{size_bytes / 1e6:,.2f} MB"
