"""Turns: one creator's backlog must not hold up another's chunks."""

from __future__ import annotations

import hashlib

from temporalio.common import Priority

LONGEST_KEY_BYTES = 64
"""What the server takes as a fairness key."""


def priority_of(creator: str) -> Priority:
    """Return the priority of a creator's task: all weigh the same and take turns.

    A server without fairness ignores it.
    """
    if not creator:
        return Priority.default
    if len(creator.encode()) <= LONGEST_KEY_BYTES:
        return Priority(fairness_key=creator)
    return Priority(fairness_key=hashlib.sha256(creator.encode()).hexdigest())
