"""Settings of the second home that chunks get while Filecoin is unavailable."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from vibesflow.settings.types import Group

PUBLIC_GATEWAY = "https://gateway.pinata.cloud"


class PinningSettings(Group):
    """Where chunks are pinned to IPFS; without a token they never are."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_PINNING_")

    token: SecretStr | None = Field(
        None, min_length=1, description="Token of the pinning service; unset means no second home"
    )
    url: str = Field(
        "https://uploads.pinata.cloud/v3/files",
        pattern=r"^https?://",
        description="Where files are uploaded (Pinata's Files API, version 3)",
    )
    files_url: str = Field(
        "https://api.pinata.cloud/v3/files",
        pattern=r"^https?://",
        description="Where files are let go again",
    )
    gateway: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Gateway that pinned files are read through; unset means Pinata's public one",
    )
    after_s: float = Field(
        900, ge=0, description="How long a chunk may wait for Filecoin before it is pinned"
    )

    @property
    def reading_gateway(self) -> str | None:
        """The gateway to read pinned files through; None where nothing is pinned."""
        return self.gateway or (PUBLIC_GATEWAY if self.token else None)

    def gateway_url(self, ipfs_cid: str) -> str:
        """Return the address under which a pinned file is served."""
        return f"{(self.gateway or PUBLIC_GATEWAY).rstrip('/')}/ipfs/{ipfs_cid}"
