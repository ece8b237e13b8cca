"""How the provider says no, and how it reads what it is asked (Curio PDP API).

Refusals are plain text. Those of the provider's own making (500) carry an event id.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from vibesflow.errors import InvalidPieceCid
from vibesflow.filecoin import PieceCid

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
LARGEST_ID = 2**63 - 1
"""Ids are stored as signed 64-bit integers."""
_CLIENT_GONE = 499


class Refusal(Exception):
    """An answer other than success.

    Attributes:
        status: HTTP status.
        text: body, plain text.
        headers: headers beyond the usual ones, such as ``Retry-After``.
    """

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


def internal_error(text: str) -> Refusal:
    """A refusal that is the provider's own fault, with an event id to look for in its log."""
    return Refusal(500, f"{text} [eid: {uuid.uuid4()}]")


class Body(BaseModel):
    """Base of request bodies: camel case on the wire, unknown fields ignored."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True)


BodyT = TypeVar("BodyT", bound=BaseModel)


async def read_body(request: Request, model: type[BodyT], max_bytes: int) -> BodyT:
    """Read a JSON body.

    Raises:
        Refusal: 400, it is not what the route takes; 413, it is too long.
    """
    data = bytearray()
    async for portion in request.stream():
        data += portion
        if len(data) > max_bytes:
            raise Refusal(413, "Request body too large")
    try:
        return model.model_validate_json(bytes(data))
    except ValidationError as error:
        raise Refusal(400, f"Invalid request body: {_first_fault(error)}") from None


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]


def parse_cid(text: str, min_bytes: int, max_bytes: int) -> PieceCid:
    """Read a PieceCID v2 of a size that the provider takes.

    Raises:
        Refusal: 400, no PieceCID v2 or too small; 413, too large.
    """
    cid = parse_v2(text)
    if cid.raw_size < min_bytes:
        raise too_small(cid.raw_size, min_bytes)
    if cid.raw_size > max_bytes:
        raise too_large(max_bytes)
    return cid


def parse_v2(text: str) -> PieceCid:
    """Read a PieceCID v2 of any size, or refuse with 400."""
    try:
        return PieceCid.parse(text)
    except InvalidPieceCid as error:
        raise Refusal(400, f"Invalid request: piece CID must be a v2 CID: {error}") from None


def too_small(size: int, min_bytes: int) -> Refusal:
    """The refusal of a payload that is too short for a piece."""
    return Refusal(400, f"piece size {size} is below the minimum allowed size of {min_bytes} bytes")


def too_large(max_bytes: int) -> Refusal:
    """The refusal of a payload that is too long for a piece."""
    return Refusal(413, f"piece size exceeds the maximum allowed size of {max_bytes} bytes")


def parse_id(text: str, what: str) -> int:
    """Read a decimal id from a path, or refuse with 400."""
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_ID:
        raise Refusal(400, f"Invalid {what} format")
    return int(text)


def parse_hash(text: str) -> str:
    """Read a transaction hash from a path, lower-cased, or refuse with 400."""
    if not _HASH.fullmatch(text):
        raise Refusal(400, "Invalid txHash: it must be 0x and 64 hex digits")
    return text.lower()


def parse_hex(text: str, what: str) -> bytes:
    """Read hex with or without 0x, or refuse with 400."""
    digits = text.removeprefix("0x")
    if not _HEX.fullmatch(digits):
        raise Refusal(400, f"Invalid {what} format: it must be hex encoded")
    return bytes.fromhex(digits)


def plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A plain-text answer that ends in a line feed."""
    extra = {"X-Content-Type-Options": "nosniff", **(headers or {})}
    return PlainTextResponse(text + "\n", status_code=status, headers=extra)


async def answer_refusal(_request: Request, refusal: Exception) -> Response:
    """Turn a `Refusal` into its answer."""
    if not isinstance(refusal, Refusal):
        raise TypeError("only a Refusal is answered here") from refusal
    return plain(refusal.status, refusal.text, refusal.headers)


async def answer_http_exception(_request: Request, error: Exception) -> Response:
    """Answer an unknown path or method in plain text."""
    if not isinstance(error, HTTPException):
        raise TypeError("only an HTTPException is answered here") from error
    text = "404 page not found" if error.status_code == 404 else error.detail
    return plain(error.status_code, text, error.headers)


async def answer_disconnect(_request: Request, error: Exception) -> Response:
    """Close the books on a request whose client went away; nobody reads this answer."""
    if not isinstance(error, ClientDisconnect):
        raise TypeError("only a disconnect is answered here") from error
    return Response(status_code=_CLIENT_GONE)
