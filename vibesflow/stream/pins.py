"""Where a chunk is while Filecoin does not have it."""

from __future__ import annotations

from pydantic import BaseModel


class Pin(BaseModel):
    """A chunk's bytes on IPFS, kept there by a pinning service.

    Attributes:
        ipfs_cid: CID of the file, version 1.
        pin_id: the service's own name for it, by which it is let go.
        url: address under which a gateway serves the file.
        is_verified: the CID follows from the bytes by a layout that we know; if not, the service
            laid the file out in another way and its word is taken.
    """

    ipfs_cid: str
    pin_id: str = ""
    url: str = ""
    is_verified: bool = False
