"""Paging cursors that only this service can have issued, and only for the same query."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from vibesflow.errors import InvalidCursor

_MAC_BYTES = 16


class Position(BaseModel):
    """Where a list goes on.

    Attributes:
        query: which list, with its filter.
        month: the month bucket to read next, for the list that walks months.
        after: key of the last item that was returned, as the index names it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    month: str | None = None
    after: dict[str, str] | None = None


class CursorSigner:
    """Turns positions into opaque text and back."""

    def __init__(self, secret: SecretStr | None) -> None:
        """Sign with the secret, or with a key of this process alone if there is none."""
        self._key = secret.get_secret_value().encode() if secret else secrets.token_bytes(32)

    def seal(self, position: Position) -> str:
        """Return the cursor of a position, safe in a URL."""
        body = position.model_dump_json(exclude_none=True).encode()
        return base64.urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()

    def unseal(self, cursor: str, query: str) -> Position:
        """Return the position of a cursor.

        Raises:
            InvalidCursor: it is altered, from elsewhere, or of another query.
        """
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursor("the cursor is not one of ours") from None
        mac, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise InvalidCursor("the cursor was not issued by this service, or altered")
        position = _read(body)
        if position.query != query:
            raise InvalidCursor("the cursor belongs to another query")
        return position

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:_MAC_BYTES]


def _read(body: bytes) -> Position:
    try:
        return Position.model_validate_json(body)
    except ValidationError:
        raise InvalidCursor("the cursor is of another release") from None
