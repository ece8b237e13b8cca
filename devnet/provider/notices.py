"""Telling whoever asked that an upload is published (the ``notify`` field of uploads)."""

from __future__ import annotations

import logging

import httpx

from devnet.provider.options import Clock
from devnet.provider.state import Database

_log = logging.getLogger(__name__)
_TIMEOUT_S = 10.0
_TAKE_DUE = """
DELETE FROM notifications WHERE due_at <= ? AND cid NOT IN (
  SELECT cid FROM pieces WHERE parked_at > ?)
RETURNING url, cid"""


class Notices:
    """Posts each notice once, when its piece is published; a deaf listener misses it."""

    def __init__(self, database: Database, http: httpx.AsyncClient, clock: Clock) -> None:
        self._database = database
        self._http = http
        self._clock = clock

    async def send_due(self) -> None:
        """Post the notices whose time has come."""
        for row in await self._database.rows(_TAKE_DUE, self._clock(), self._clock()):
            await self._post(row["url"], row["cid"])

    async def _post(self, url: str, cid: str) -> None:
        try:
            await self._http.post(url, json={"pieceCid": cid}, timeout=_TIMEOUT_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.warning("nobody took the notice of %s: %s", cid, type(error).__name__)
