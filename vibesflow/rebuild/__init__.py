"""Rebuilding the tables from what is on chain and in stored documents.

`deriving` says, as a pure function, which records follow from the evidence about one stream;
`planning` what of that a table lacks; `service` goes through the chain and carries it out.
"""

from __future__ import annotations

from vibesflow.rebuild.ports import Archive, RestoringLedger
from vibesflow.rebuild.report import RebuildReport, StreamReport
from vibesflow.rebuild.service import Rebuild, RebuildOptions

__all__ = [
    "Archive",
    "Rebuild",
    "RebuildOptions",
    "RebuildReport",
    "RestoringLedger",
    "StreamReport",
]
