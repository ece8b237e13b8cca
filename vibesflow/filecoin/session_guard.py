"""Noticing that a session key may not sign any more, early and in plain words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

from vibesflow.errors import ChainFault, SessionKeyUnauthorized
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.permissions import UPLOADING, Permission
from vibesflow.filecoin.session_keys import SessionKey, SessionKeys

_log = logging.getLogger(__name__)

INVALID_SIGNATURE: Final = "InvalidSignature"
"""The contract's name for a signature that is neither the payer's nor an authorized key's."""

PAUSE_S: Final = 30.0
"""An authorization comes from a person: asking again sooner would only be noise."""

WARN_S: Final = 3600.0
"""How long before its end people are warned."""

_FOR_EVER_S: Final = 100 * 365 * 24 * 3600

_WARN_EVERY_S: Final = 600.0
_LIFE_S: Final = 60.0


class SessionGuard:
    """Watches the authorization of the key that signs. The payer's own key needs none.

    Args:
        signer: the key.
        session_keys: those of its payer.
        now_s: the time of day, Unix seconds.
    """

    def __init__(
        self,
        signer: Signer,
        session_keys: SessionKeys,
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._signer = signer
        self._now_s = now_s
        self._key = Cached(lambda: session_keys.find(signer.address), life_s=_LIFE_S)
        self._quiet_until_s = 0.0

    async def begin(self) -> None:
        """Tell at the start how long the key may add pieces, if it is a session key.

        A key without authorization is told, and not refused: it may be authorized later.
        """
        if not self._signer.delegated:
            return
        key = await self._key.get()
        lacking = self._lacking(key, UPLOADING)
        if lacking:
            _log.error("%s", self._words(key, lacking))
        else:
            self._tell_time_left(key, UPLOADING, logging.INFO)

    async def check(self, permissions: Collection[Permission]) -> None:
        """Return if the key may sign all of these.

        Raises:
            SessionKeyUnauthorized: it may not, as the chain stands now.
            ChainDown: the chain cannot be asked.
        """
        if not self._signer.delegated:
            return
        key = await self._key.get()
        if self._lacking(key, permissions):
            self._key.forget()
            key = await self._key.get()
        if lacking := self._lacking(key, permissions):
            self._key.forget()
            raise SessionKeyUnauthorized(self._words(key, lacking), retry_after_s=PAUSE_S)
        self._warn(key, permissions)

    def named(self, error: ChainFault) -> SessionKeyUnauthorized | None:
        """Return what a refused signature of a session key means; None for anything else."""
        if error.reason != INVALID_SIGNATURE or not self._signer.delegated:
            return None
        self._key.forget()
        who = f"the session key {self._signer.address} may not sign for {self._signer.payer}"
        return SessionKeyUnauthorized(f"{who}: {error}", reason=error.reason, retry_after_s=PAUSE_S)

    def _lacking(self, key: SessionKey, permissions: Collection[Permission]) -> list[Permission]:
        return [one for one in permissions if not key.allowed(one, self._now_s())]

    def _words(self, key: SessionKey, lacking: Collection[Permission]) -> str:
        reasons = ", ".join(
            f"{one} (ended {_time(key.expires_s[one])})" if key.expires_s[one] else one.value
            for one in lacking
        )
        return f"the session key {key.address} may not sign for {self._signer.payer}: {reasons}"

    def _warn(self, key: SessionKey, permissions: Collection[Permission]) -> None:
        ends_s = min(key.expires_s[one] for one in permissions)
        if ends_s - self._now_s() < WARN_S and self._now_s() >= self._quiet_until_s:
            self._quiet_until_s = self._now_s() + _WARN_EVERY_S
            self._tell_time_left(key, permissions, logging.WARNING)

    def _tell_time_left(
        self, key: SessionKey, permissions: Collection[Permission], level: int
    ) -> None:
        ends_s = min(key.expires_s[one] for one in permissions)
        left_s = ends_s - self._now_s()
        _log.log(
            logging.WARNING if left_s < WARN_S else level,
            "the session key %s may sign for %s %s",
            key.address,
            self._signer.payer,
            "without end"
            if left_s > _FOR_EVER_S
            else f"until {_time(ends_s)}, {left_s / 3600:.1f} hours from now",
        )


def _time(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
