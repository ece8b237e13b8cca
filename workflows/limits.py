"""How much a workflow does at once, how long it waits and when it begins anew, with the reasons."""

from __future__ import annotations

from datetime import timedelta

PINS_AT_ONCE = 4
"""Chunks of one stream that are pinned at the same time."""
PINS_DROPPED = 20
"""Pins that one step lets go."""
REPAIR_S = 3_600.0
"""How often a pinned chunk is tried again on Filecoin."""
REPAIR_GIVE_UP_S = 120.0
"""How long one such try takes at most, since there will be another."""
FUNDS_PAUSE = timedelta(seconds=30)
"""How often an empty wallet is looked at again: one epoch."""
PLACE_PIECES = 15
"""Pieces whose copies are ordered by one step: keeps its payload under 16 KiB."""
APPEND_ROWS = 20
"""Rows of one append: keeps its payload under 16 KiB."""
RELEASE_FROM = 10
"""Keys that are gathered before staged bytes are released, so that it costs little history: a
stream that goes on holds ten minutes of confirmed audio in staging."""
RELEASE_KEYS = 40
"""Keys of one step; runs without `workflows.patches.EARLY_RELEASES` gather so many."""
SLOW_RETRY = timedelta(minutes=1)
"""Pause after a step failed for good where giving up would lose something: an operator acts."""
ROOM_PAUSE = timedelta(seconds=30)
"""Before pieces are ordered again for which a data set had no room; doubled up to 8 minutes."""
TOLD_PIECES = 120
"""PieceCIDs of one signal: keeps its payload under 16 KiB."""
NAMED_PIECES = 20
"""Late copies that one step names in rows: keeps its payload under 16 KiB."""
TOLD_AT_ONCE = 200
"""Streams that a data set signals together; Temporal takes 2,000 that are under way."""
LEAVE_EVENTS = 4_000
"""History length at which a quiet stream continues as new, should the server not suggest it."""
DRAIN_EVENTS = 5_000
"""History length at which a busy stream stops starting work, so that it can continue as new."""
BATCH_PATIENCE = timedelta(minutes=5)
"""How long a data set that has to begin anew waits for the batch under way, which may hang."""
SILENCE = timedelta(hours=2)
"""After which copies of which no data set has said anything are ordered again: it may have been
terminated by hand, with all orders that it had in mind."""
LATE_PAUSES = tuple(timedelta(minutes=4**n) for n in range(6))
"""Before each look for a commit that was given up: from 1 minute to 17 hours, 23 hours in all. Many
times the 2 hours after which providers drop what was not committed."""
DRAIN_TIME = timedelta(minutes=1)
"""How long a draining stream waits for work that the next run could as well do again."""
ROW_LINGER_MS = 5_000
"""How long a confirmed chunk may wait for others before its row is written, while work is under
way that will wake the stream anyway: many rows cost the history of one."""
AUDIT_PAGE = 20
"""Streams of one page of an audit; between pages the round may continue as new."""
AUDIT_PARALLEL = 4
"""Streams that one round audits at the same time: an audit must not crowd out uploads."""
AUDIT_EVENTS = 2_000
"""History length from which a round continues as new after a page."""
REPAIR_TRIES = 4
"""How often other providers are sought for a piece within a round."""
REPAIR_TIME = timedelta(minutes=30)
"""How long ordered copies may take to be confirmed, as long as a stream's completion waits; what
takes longer, for want of money for instance, the next round finds done or orders again."""
SWEEP_KEYS = 100
"""Staged keys of one step."""
