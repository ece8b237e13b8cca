"""The last moments of a process that talked to Temporal."""

from __future__ import annotations

import sys
import time

TEMPORAL_CORE = "temporalio.bridge.temporal_sdk_bridge"

_SETTLE_S = 0.2


def settle_before_exit() -> None:
    """Pause shortly if Temporal's core was loaded, so that its threads end before Python does.

    A process that exits right after concurrent client calls may otherwise abort with a signal
    (temporalio/sdk-python issue 300), which turns a success into a failure for the caller.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if TEMPORAL_CORE in sys.modules:
        time.sleep(_SETTLE_S)
