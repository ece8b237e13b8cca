"""How much of each kind a running stream keeps in mind, whatever happens around it."""

from __future__ import annotations

MOST_REASON = 300
"""Characters of an error that are kept with a chunk or a provider; logs have the rest."""
MOST_RELEASABLE = 1_000
"""Staging keys that wait for their release; what is beyond is left to the audit."""
MOST_DOCUMENTS = 6
"""Versions whose documents are waited for; older ones are committed all the same."""
MOST_EARLY = 200
"""Pieces of which news are kept although nobody has heard of them yet."""
