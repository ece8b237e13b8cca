"""Spelling our facts in the existing client's words."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from api.services import NetworkFacts

SAFE_INTEGER = 2**53 - 1
"""Largest whole number that a JavaScript client reads exactly."""


class CamelReply(BaseModel):
    """A reply whose names are camel case on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


def number(text: str | int | None) -> int | str | None:
    """Spell an on-chain id as the number that the client expects, if it can read it exactly."""
    if text is None:
        return None
    if not str(text).isdecimal():
        return str(text)
    return int(text) if int(text) <= SAFE_INTEGER else str(text)


def seconds(duration_ms: int) -> int | float:
    """Spell a duration in seconds, whole where it is."""
    whole, rest = divmod(duration_ms, 1_000)
    return duration_ms / 1_000 if rest else whole


def piece_url(facts: NetworkFacts, piece_cid: str | None, provider_url: str | None) -> str | None:
    """Return the address that a player reads a piece from: the CDN's, else the provider's."""
    if piece_cid and facts.cdn_base:
        return facts.cdn_base + piece_cid
    return provider_url or None
