"""Settings of the audit: how often, how much, and how patient."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vibesflow.settings.types import Group


class AuditSettings(Group):
    """How stored streams are looked after. `vibesflow setup` hands these to the schedule."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_AUDIT_")

    interval_s: float = Field(86_400, ge=60, description="Time from one round of audit to the next")
    share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of all pieces that a round reads, 1 for all; every stream's document, "
        "and all pieces of a data set in which one was bad, are read in any case",
    )
    patience_s: float = Field(
        3_600,
        ge=0,
        description="How long a round waits for silent providers before their copies are replaced",
    )
    proof_grace_epochs: int = Field(
        2_880,
        ge=0,
        description="How late a proof of storage may be, in epochs of 30 s, before the copies "
        "of its data set are replaced",
    )
    leftover_age_s: float = Field(
        3_600, ge=0, description="How long bytes are in staging before a round asks what for"
    )
