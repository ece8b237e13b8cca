"""What has changed in the order of steps, by the mark that runs keep in their history.

A run that began before such a change goes on as it began (Temporal: patching); docs/deploys.md says
when a mark may go.
"""

from __future__ import annotations

SEEN_APPENDS = "seen-appends"
"""Rows are written by an activity that the Web UI shows. Until then they were first tried inside
the workflow task; docs/decisions/history.md says why not any more."""

REST_ENDS_WITH_NEWS = "rest-ends-with-news"
"""The pause before copies are ordered again, which grows to minutes, ends when a piece of the
stream is committed: there is room again."""

ROOM_FOR_A_BACKLOG = "room-for-a-backlog"
"""A data set keeps 2,000 orders in mind instead of 400, tells all streams at once what concerns
them instead of one after the other, and when it has to begin anew begins no batch before, nor waits
for ever for one that hangs."""

EARLY_RELEASES = "early-releases"
"""Staged bytes are released ten chunks at a time instead of forty: a small disk suffices."""

COMPLETIONS_REST = "completions-rest"
"""A completion that the table refuses twice running is tried again after a minute."""

ORDERS_ARE_WATCHED = "orders-are-watched"
"""Copies that a stream hears nothing of are ordered again after hours."""

LATE_COMMITS = "late-commits"
"""A commit that failed for good may land all the same: it is looked for, and its pieces are never
added at that provider under another nonce."""

COPIES_ARE_KEPT = "copies-are-kept"
"""The answer to an order no longer replaces copies that were ordered besides, while it was under
way: for an equal chunk, or because the chunk was stored anew."""
