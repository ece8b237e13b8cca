"""Settings of the processes themselves: the door, who may come through it, the worker."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from vibesflow.settings.types import CommaSeparated, Group


class ApiSettings(Group):
    """The HTTP door."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_API_")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(3001, ge=0, le=65_535, description="Port to listen on")
    public_url: str | None = Field(None, description="Our address as clients see it, for links")
    cors_origins: CommaSeparated = Field(
        ("*",), description="Origins that browsers may call from, separated by commas"
    )
    max_chunk_bytes: int = Field(
        64 * 2**20, ge=127, le=1_065_353_216, description="Largest chunk, in bytes"
    )
    body_idle_s: float = Field(
        60, gt=0, description="How long a request's body may pause before it is given up"
    )
    body_s: float = Field(
        900, gt=0, description="How long a request's body may take in all, however steadily"
    )
    head_s: float = Field(
        30, gt=0, description="How long a connection may take to send a request's head"
    )
    max_uploads: int = Field(
        256, ge=1, description="Uploads that are taken in at the same time in this process"
    )
    creator_uploads: int = Field(
        64, ge=1, description="Uploads of one creator that are taken in at the same time"
    )
    creator_chunks_per_minute: float = Field(
        1_200, ge=0, description="Chunks that one creator may hand in a minute; 0 means any number"
    )
    grace_s: float = Field(
        30, ge=0, description="How long a stop waits for requests that are under way"
    )


class AccessSettings(Group):
    """Who may do what. Without keys everybody may do everything, which only a devnet allows."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_ACCESS_")

    ticket_key: SecretStr | None = Field(
        None, min_length=32, description="Signs upload tickets and checks them"
    )
    previous_ticket_key: SecretStr | None = Field(
        None, min_length=32, description="Checks tickets that were signed before a key change"
    )
    operator_key: SecretStr | None = Field(
        None, min_length=32, description="What operators send to complete or retry any stream"
    )
    previous_operator_key: SecretStr | None = Field(
        None, min_length=32, description="An operator key that still counts for a while"
    )
    audience: str = Field(
        "vibesflow",
        min_length=1,
        max_length=96,
        description="The installation that tickets are for; those for another one are refused",
    )

    @property
    def is_open(self) -> bool:
        """Nobody has to show anything."""
        return self.ticket_key is None and self.operator_key is None


class WorkerSettings(Group):
    """The worker process: slots, ports, how it stops."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_WORKER_")

    upload_slots: int = Field(64, ge=1, description="Uploads at the same time in this process")
    activity_slots: int = Field(1_000, ge=1, description="Other activities at the same time")
    workflow_slots: int = Field(200, ge=1, description="Workflow tasks at the same time")
    cached_workflows: int = Field(
        2_000, ge=0, description="Streams kept in memory; should exceed the live ones"
    )
    table_threads: int = Field(16, ge=1, le=256, description="Threads that talk to the table")
    grace_s: float = Field(
        120, ge=0, description="How long a stop waits for running uploads; above the longest"
    )
    metrics_address: str = Field(
        "127.0.0.1:9464", description="Prometheus endpoint of Temporal's own metrics"
    )
    health_port: int = Field(9465, ge=0, le=65_535, description="Port of /livez, /readyz, /metrics")
    health_host: str = Field("127.0.0.1", description="Address of the health port")
    deployment: str | None = Field(
        None, description="Name of the Temporal worker deployment; without it there are no versions"
    )
    build_id: str | None = Field(
        None, description="Build of this worker within the deployment: a tag or commit"
    )

    @model_validator(mode="after")
    def _name_both_or_none(self) -> Self:
        if (self.deployment is None) != (self.build_id is None):
            raise ValueError("a versioned worker needs both a deployment and a build id")
        return self
