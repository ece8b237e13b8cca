"""A second home for chunks while Filecoin is unavailable: pinned to IPFS by a paid service."""

from vibesflow.pinning.opening import open_pinning
from vibesflow.pinning.pinata import PinataClient
from vibesflow.pinning.port import OpenSource, Pinning

__all__ = ["OpenSource", "PinataClient", "Pinning", "open_pinning"]
