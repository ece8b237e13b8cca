"""What cannot be known from chain and documents, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel


class Fact(StrEnum):
    """Something about a stream that the rebuilt tables lack, or had to guess."""

    OPENED_AT = "opened_at"
    CREATOR = "creator"
    WRITTEN_AT = "written_at"
    REV = "rev"
    REOPENED_AT = "reopened_at"
    DIGEST = "digest"
    MISSING = "missing"
    DOCUMENT = "document"
    FIRST_COMPLETION = "first_completion"
    FEWER_COPIES = "fewer_copies"
    GONE = "gone"
    PROVIDER = "provider"
    OTHER_BYTES = "other_bytes"


MEANING: dict[Fact, str] = {
    Fact.OPENED_AT: "when the stream was opened: the start of its first session stands in",
    Fact.CREATOR: "a creator's name that was too long for the chain: it is cut",
    Fact.WRITTEN_AT: "when rows were written that are in no document: this run's time stands in",
    Fact.REV: "how often an open stream was written to: the least possible stands in",
    Fact.REOPENED_AT: "when the stream was reopened: its last completion stands in",
    Fact.DIGEST: "chunks left out, since no provider gave their bytes to take the SHA-256 of",
    Fact.MISSING: "numbers without a chunk: never came, were parked or not confirmed, or share "
    "their bytes with another chunk",
    Fact.DOCUMENT: "documents on chain that no provider gave back, or that do not read",
    Fact.FIRST_COMPLETION: "when the stream completed first: its oldest document that reads "
    "stands in",
    Fact.FEWER_COPIES: "confirmed chunks with fewer copies on chain than wanted",
    Fact.GONE: "chunks that the document places where the chain has nothing any more",
    Fact.PROVIDER: "chunks or documents at providers that are in the registry no more: without "
    "address",
    Fact.OTHER_BYTES: "pieces that bear the id of a chunk which has other bytes: left out",
}


class Unknown(BaseModel):
    """How often a fact is not known of one stream; ``what`` names some of it."""

    fact: Fact
    count: int = 1
    what: str = ""


def summed(unknowns: Iterable[Unknown]) -> dict[Fact, int]:
    """Add up by fact, in the order of `Fact`."""
    counted: Counter[Fact] = Counter()
    for unknown in unknowns:
        counted[unknown.fact] += unknown.count
    return {fact: counted[fact] for fact in Fact if counted[fact]}
