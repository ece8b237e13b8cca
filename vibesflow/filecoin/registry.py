"""The providers there are, from the on-chain registry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import RegisteredProvider

_log = logging.getLogger(__name__)

_WORD_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """A storage provider as the chain describes it.

    Attributes:
        provider_id: number in the registry, from 1.
        name: chosen by the provider.
        address: account that sends its transactions.
        payee: account that is paid; data sets are signed for it.
        service_url: base address of its HTTP service.
        location: such as ``C=DE;L=Berlin``.
        min_piece_size_bytes: smallest padded piece it says to take.
        max_piece_size_bytes: largest padded piece it says to take.
        approved: FWSS approves it.
        endorsed: it is endorsed as a place for first copies.
        capacity: what it announces of its capacity, in its own words; mostly nothing.
    """

    provider_id: int
    name: str
    address: str
    payee: str
    service_url: str
    location: str
    min_piece_size_bytes: int
    max_piece_size_bytes: int
    approved: bool
    endorsed: bool
    capacity: str = ""


async def read_providers(chain: Chain) -> tuple[ProviderInfo, ...]:
    """Read all providers with an active PDP product that can be reached by HTTP.

    Returns:
        Approved and endorsed ones first, then approved ones, then the others; by id in each.
    """
    entries, approved, endorsed = await asyncio.gather(
        chain.providers(), chain.approved_provider_ids(), chain.endorsed_provider_ids()
    )
    found = [
        _info(entry, approved=entry.provider_id in approved, endorsed=entry.provider_id in endorsed)
        for entry in entries
        if _reachable(entry)
    ]
    return tuple(sorted(found, key=lambda p: (not p.approved, not p.endorsed, p.provider_id)))


def _reachable(entry: RegisteredProvider) -> bool:
    address = urlsplit(_text(entry.capabilities, "serviceURL"))
    if address.scheme in {"http", "https"} and address.hostname:
        return True
    _log.warning("provider %d has no usable service address", entry.provider_id)
    return False


def _info(entry: RegisteredProvider, *, approved: bool, endorsed: bool) -> ProviderInfo:
    return ProviderInfo(
        provider_id=entry.provider_id,
        name=entry.name,
        address=entry.address,
        payee=entry.payee,
        service_url=_text(entry.capabilities, "serviceURL"),
        location=_text(entry.capabilities, "location"),
        min_piece_size_bytes=_number(entry.capabilities, "minPieceSizeInBytes"),
        max_piece_size_bytes=_number(entry.capabilities, "maxPieceSizeInBytes"),
        approved=approved,
        endorsed=endorsed,
        capacity=capacity_of(entry.capabilities),
    )


def capacity_of(capabilities: Mapping[str, bytes]) -> str:
    """Return what a provider announces of its capacity; empty if it says nothing.

    No standard names this capability; its value is text or, like others, a number.
    """
    found = []
    for key, value in sorted(capabilities.items()):
        if key.lower().startswith("capacity"):
            words = value.decode("ascii", "ignore")
            plain = len(words) == len(value) and words.isprintable()
            found.append(f"{key}={words if plain else _number(capabilities, key)}")
    return " ".join(found)


def _text(capabilities: Mapping[str, bytes], key: str) -> str:
    return capabilities.get(key, b"").decode("utf-8", "replace").strip()


def _number(capabilities: Mapping[str, bytes], key: str) -> int:
    """Capabilities hold numbers as big-endian bytes without leading zeros."""
    return int.from_bytes(capabilities.get(key, b"")[:_WORD_BYTES], "big")
