"""A pinning service in memory, with faults on order."""

from __future__ import annotations

from vibesflow.errors import VibesflowError
from vibesflow.pinning.layout import LAYOUTS, FileHasher
from vibesflow.pinning.port import OpenSource
from vibesflow.stream.pins import Pin


class MemoryPinning:
    """Attributes that tests set or look at:

    faults: errors that the next uploads raise, in order.
    pinned: what is pinned, by CID.
    dropped: CIDs that were let go.
    """

    def __init__(self) -> None:
        self.faults: list[VibesflowError] = []
        self.pinned: dict[str, bytes] = {}
        self.dropped: list[str] = []

    async def pin(
        self, name: str, open_source: OpenSource, *, size_bytes: int, content_type: str
    ) -> Pin:
        if self.faults:
            raise self.faults.pop(0)
        data = b"".join([block async for block in open_source()])
        assert len(data) == size_bytes
        hasher = FileHasher(LAYOUTS[0])
        hasher.update(data)
        cid = hasher.blocks()[-1].text
        self.pinned[cid] = data
        return Pin(ipfs_cid=cid, pin_id=name, url=f"https://gateway.test/ipfs/{cid}")

    async def unpin(self, pin: Pin) -> None:
        self.pinned.pop(pin.ipfs_cid, None)
        self.dropped.append(pin.ipfs_cid)
