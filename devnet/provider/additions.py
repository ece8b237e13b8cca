"""The pieces of a create-and-add or add request: read, checked, recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from devnet.provider import aggregates
from devnet.provider.answers import Body, Refusal, parse_v2
from devnet.provider.options import Limits
from devnet.provider.pieces import PieceStore
from devnet.provider.transactions import RecordSent
from vibesflow.filecoin import PieceCid

_INSERT = """
INSERT INTO added_pieces (hash, position, cid, sub_position, sub_cid, sub_offset)
VALUES (?, ?, ?, ?, ?, ?)"""


class SubPieceBody(Body):
    """A stored piece that is part of the one to add."""

    sub_piece_cid: str


class PieceBody(Body):
    """A piece to add and the stored pieces that make it up."""

    piece_cid: str
    sub_pieces: tuple[SubPieceBody, ...] = ()


@dataclass(frozen=True)
class Addition:
    """One piece to add."""

    cid: PieceCid
    parts: tuple[PieceCid, ...]


def parse_additions(bodies: Sequence[PieceBody], limits: Limits) -> list[Addition]:
    """Read the pieces of a request, or refuse with 400."""
    if not bodies:
        raise Refusal(400, "At least one piece must be provided")
    if len(bodies) > limits.max_pieces:
        raise Refusal(400, f"Too many pieces: {len(bodies)}, the maximum is {limits.max_pieces}")
    return [_parse(body) for body in bodies]


async def check_additions(additions: Sequence[Addition], pieces: PieceStore) -> None:
    """Refuse with 400 unless all is stored here, named once, and adds up."""
    parts = [part for addition in additions for part in addition.parts]
    for index, part in enumerate(parts):
        if part in parts[:index]:
            raise _unfit(f"duplicate subPieceCid {part}")
    for addition in additions:
        if not aggregates.fits(addition.cid, addition.parts):
            raise _unfit(f"provided piece CID {addition.cid} does not match its sub-pieces")
    missing = await pieces.claim(parts)
    if missing is not None:
        raise _unfit(f"subPiece CID {missing} not found or does not belong to service public")


def recording(additions: Sequence[Addition]) -> RecordSent:
    """Record the pieces with the transaction that adds them."""

    def record(db: sqlite3.Connection, tx_hash: str) -> None:
        for position, addition in enumerate(additions):
            starts = aggregates.offsets(addition.parts)
            rows = [
                (tx_hash, position, addition.cid.text, at, part.text, starts[at])
                for at, part in enumerate(addition.parts)
            ]
            db.executemany(_INSERT, rows)

    return record


def _parse(body: PieceBody) -> Addition:
    if not body.piece_cid:
        raise Refusal(400, "pieceCid is required for each piece")
    if not body.sub_pieces:
        raise Refusal(400, "At least one subPiece is required per piece")
    parts = tuple(parse_v2(part.sub_piece_cid) for part in body.sub_pieces)
    return Addition(parse_v2(body.piece_cid), parts)


def _unfit(text: str) -> Refusal:
    return Refusal(400, f"Failed to process request: {text}")
