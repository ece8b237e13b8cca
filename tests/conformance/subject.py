"""The devnet that is looked at, known by its export alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from vibesflow.filecoin import DevnetInfo, FilecoinClient, Network, Signer, network_of
from vibesflow.settings import FilecoinSettings, NetworkName

SOURCE = "vibesflow-conformance"
"""Marks our data sets on chains that others use as well."""


@dataclass(frozen=True)
class Subject:
    """A devnet.

    Attributes:
        export: the JSON that describes it.
        info: the same, read.
        own: we have just started it, so its providers and their state are known.
    """

    export: Path
    info: DevnetInfo
    own: bool

    @property
    def network(self) -> Network:
        return network_of(self.settings())

    def settings(self, key: bytes | None = None) -> FilecoinSettings:
        """Return settings for a key that pays; nothing comes from the environment."""
        return FilecoinSettings.model_construct(
            network=NetworkName.DEVNET,
            devnet_info=self.export,
            source=SOURCE,
            private_key=None if key is None else SecretStr("0x" + key.hex()),
        )

    async def open(self, key: bytes) -> FilecoinClient:
        """Open the library's client for a key that pays."""
        settings = self.settings(key)
        return await FilecoinClient.open(settings, Signer.load(settings))

    async def open_delegated(self, session_key: bytes, payer: str) -> FilecoinClient:
        """Open the library's client for a session key alone."""
        settings = self.settings().model_copy(
            update={"session_key": SecretStr("0x" + session_key.hex()), "payer": payer}
        )
        return await FilecoinClient.open(settings, Signer.load(settings))
