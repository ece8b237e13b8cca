"""What the clients stream: seeded, so that the same seed gives the same streams and bytes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from tests.chaos.dice import dice

SMALLEST_BYTES, LARGEST_BYTES = 127, 300_000
_SHORTEST, _LONGEST = 4, 14
_ENDS_WITH_A_MARKER = 0.6
_HAS_TWO_PRODUCERS = 0.3


@dataclass(frozen=True)
class StreamPlan:
    """One stream of one client.

    Attributes:
        rta_id: the stream.
        creator: who streams.
        chunks: how many, unless the storm ends before.
        is_marked: the last one says that it is; else the stream falls silent.
        producers: who record it side by side, taking turns; a session client is always one.
        seed: what the bytes are made from.
    """

    rta_id: str
    creator: str
    chunks: int
    is_marked: bool
    producers: int
    seed: str

    @classmethod
    def of(cls, seed: int, client: str, number: int) -> StreamPlan:
        """Plan a client's stream, counted from 0."""
        text = f"{seed}:{client}:{number}"
        rng = dice(seed, f"{client}:{number}")
        return cls(
            rta_id=f"chaos_{seed}_{client}_{number}",
            creator=f"{client}.near",
            chunks=rng.randint(_SHORTEST, _LONGEST),
            is_marked=rng.random() < _ENDS_WITH_A_MARKER,
            producers=2 if rng.random() < _HAS_TWO_PRODUCERS else 1,
            seed=text,
        )

    def place(self, index: int) -> tuple[str, int]:
        """Return the producer of a chunk and its sequence number there."""
        sequence, number = divmod(index, self.producers)
        return f"p{number}" if self.producers > 1 else "", sequence

    def payload(self, index: int) -> bytes:
        """Return the bytes of a chunk; most are small, some are large."""
        rng = dice(self.seed, index)
        size = math.exp(rng.uniform(math.log(SMALLEST_BYTES), math.log(LARGEST_BYTES)))
        return rng.randbytes(round(size))

    def duration_ms(self, index: int) -> int:
        """Return how long a chunk claims to be."""
        return 1_000 + 10 * index


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
