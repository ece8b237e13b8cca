"""Whether a CID that a service names is that of the bytes it was given."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vibesflow.pinning.layout import LAYOUTS, FileHasher
from vibesflow.pinning.port import OpenSource

_RAW_PREFIX = "bafkrei"


class Witness:
    """Reads the bytes on their way to the service, and judges its answer."""

    def __init__(self) -> None:
        self._hashers = [FileHasher(layout) for layout in LAYOUTS]

    async def watch(self, open_source: OpenSource) -> AsyncIterator[bytes]:
        """Yield the bytes as they are."""
        async for block in open_source():
            for hasher in self._hashers:
                hasher.update(block)
            yield block

    def knows(self, cid: str) -> bool:
        """Tell whether the CID follows from the bytes by a layout that we know."""
        return cid in {hasher.blocks()[-1].text for hasher in self._hashers}

    def refutes(self, cid: str) -> bool:
        """Tell whether the CID cannot be that of the bytes: of one raw block, and another one.

        A tree of another layout cannot be refuted without reading it back.
        """
        return cid.startswith(_RAW_PREFIX) and not self.knows(cid)
