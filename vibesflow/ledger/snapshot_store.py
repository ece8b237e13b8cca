"""Snapshots in the table: written once, read many at a time, remembered."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TypeAlias

from vibesflow.ledger.attributes import decode, encode
from vibesflow.ledger.requests import Requests, patiently
from vibesflow.ledger.snapshots import pack, part_key, unpack
from vibesflow.stream.records import ChunkDetail

_log = logging.getLogger(__name__)

Key: TypeAlias = tuple[str, int]
Details: TypeAlias = tuple[ChunkDetail, ...]

_REMEMBERED_DETAILS = 50_000


class SnapshotStore:
    """Details of completed streams by (rta_id, rev)."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._memory = _Memory(_REMEMBERED_DETAILS)

    def write(self, rta_id: str, rev: int, details: Sequence[ChunkDetail]) -> None:
        """Write a snapshot; a part that stands is of the same rows, and stays."""
        parts = pack(details)
        for number, part in enumerate(parts):
            item = encode(
                {
                    "rta_id": rta_id,
                    "chunk_key": part_key(rev, number),
                    "z": part,
                    "parts": len(parts),
                }
            )
            patiently(partial(self._requests.put_new, self._requests.chunks, item))

    def read(self, keys: Sequence[Key]) -> dict[str, Details]:
        """Return snapshots by rta_id; one that is not there is left out, and logged."""
        found = {key: self._memory.get(key) for key in keys}
        missing = [key for key, details in found.items() if details is None]
        for key, parts in self._read_parts(missing).items():
            found[key] = unpack(parts)
            self._memory.put(key, found[key] or ())
        for (rta_id, rev), details in found.items():
            if details is None:
                _log.warning("stream %s has no whole snapshot of rev %d", rta_id, rev)
        return {rta_id: details for (rta_id, _), details in found.items() if details is not None}

    def _read_parts(self, keys: Sequence[Key]) -> dict[Key, list[bytes]]:
        """Return the parts of the snapshots that are whole; how many there are says the first."""
        first = self._get((key, 0) for key in keys)
        rest = self._get((key, n) for (key, _), (_, of) in first.items() for n in range(1, of))
        found = first | rest
        return {
            key: [found[key, number][0] for number in range(of)]
            for (key, _), (_, of) in first.items()
            if all((key, number) in found for number in range(of))
        }

    def _get(self, wanted: Iterable[tuple[Key, int]]) -> dict[tuple[Key, int], tuple[bytes, int]]:
        names = {(key[0], part_key(key[1], number)): (key, number) for key, number in wanted}
        if not names:
            return {}
        items = self._requests.get_many(
            self._requests.chunks,
            [{"rta_id": rta_id, "chunk_key": chunk_key} for rta_id, chunk_key in names],
        )
        found = {}
        for plain in map(decode, items):
            content, of = plain["z"], plain["parts"]
            name = names[str(plain["rta_id"]), str(plain["chunk_key"])]
            if isinstance(content, bytes) and isinstance(of, int):
                found[name] = content, of
        return found


class _Memory:
    """Keeps the snapshots that were used last; they are immutable, so none ever goes stale."""

    def __init__(self, most_details: int) -> None:
        self._most = most_details
        self._held = 0
        self._snapshots: OrderedDict[Key, Details] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Details | None:
        with self._lock:
            if key not in self._snapshots:
                return None
            self._snapshots.move_to_end(key)
            return self._snapshots[key]

    def put(self, key: Key, details: Details) -> None:
        with self._lock:
            if key in self._snapshots:
                return
            self._snapshots[key] = details
            self._held += len(details)
            while self._held > self._most:
                _, oldest = self._snapshots.popitem(last=False)
                self._held -= len(oldest)
