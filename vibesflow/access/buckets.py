"""Token buckets: how much of something comes in a time, for each of many, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from vibesflow.errors import RateLimited

MOST_KEYS = 10_000


class Buckets:
    """A bucket of tokens for each key; a full one is the same as none.

    Past `MOST_KEYS` the bucket that was used least lately is forgotten, which fills it. Where
    creators prove who they are, that needs as many tickets; where they do not, what is taken in
    at the same time is bounded all the same.
    """

    def __init__(
        self, *, most_keys: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_keys = most_keys
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, key: str, *, per_minute: float, what: str) -> None:
        """Take one token; a bucket holds a minute's worth and fills steadily.

        Args:
            key: whose bucket.
            per_minute: tokens a minute; 0 means any number.
            what: whose limit it is, for the message.

        Raises:
            RateLimited: it is empty; ``retry_after_s`` says when it no longer is.
        """
        if not per_minute:
            return
        per_s, capacity = per_minute / 60, max(1.0, per_minute)
        now_s = self._clock()
        level, at_s = self._levels.get(key, (capacity, now_s))
        level = min(capacity, level + (now_s - at_s) * per_s)
        if level < 1:
            raise RateLimited(
                f"{what} allows {per_minute:g} chunks a minute",
                retry_after_s=(1 - level) / per_s,
            )
        self._levels[key] = (level - 1, now_s)
        self._levels.move_to_end(key)
        while len(self._levels) > self._most_keys:
            self._levels.popitem(last=False)
