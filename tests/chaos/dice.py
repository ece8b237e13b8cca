"""Chance that can be repeated."""

import random


def dice(seed: int | str, what: str | int) -> random.Random:
    """Return the dice of one purpose; throws of others do not disturb it."""
    return random.Random(f"{seed}:{what}")  # noqa: S311 - nothing is kept secret with it
