"""Cutting what would be a large message into pages that history carries gladly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

Item = TypeVar("Item", bound=BaseModel)

PAGE_BYTES = 12_000
"""Most JSON of one page; with the message around it, a payload stays below 16 KiB."""


def first_page(items: Iterable[Item]) -> list[Item]:
    """Return as many of the first items as one message may carry, at least one."""
    page: list[Item] = []
    left = PAGE_BYTES
    for item in items:
        left -= len(item.model_dump_json().encode()) + 1
        if page and left < 0:
            break
        page.append(item)
    return page
