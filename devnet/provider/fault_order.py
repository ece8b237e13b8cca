"""What a person asks of a provider's admin route, and what it tells."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devnet.provider.fault_kinds import KINDS
from devnet.provider.faults import FaultName, Point

LONGEST_S = 86_400.0


class FaultOrder(BaseModel):
    """One fault as it is ordered.

    Attributes:
        name: which fault.
        at: where it strikes, for faults that can be placed.
        delay_s: what it delays; see `devnet.provider.fault_kinds`.
        count: how often it strikes; None means always.
        seconds: how long from now on it strikes; None means until it is healed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FaultName
    at: Point | None = None
    delay_s: float | None = Field(None, gt=0, le=LONGEST_S, allow_inf_nan=False)
    count: int | None = Field(None, ge=1, strict=True)
    seconds: float | None = Field(None, gt=0, le=LONGEST_S, allow_inf_nan=False)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        kind = KINDS[self.name]
        if self.at is not None and self.at not in kind.points:
            places = ", ".join(sorted(kind.points)) or "no point: it knows its place"
            raise ValueError(f"{self.name} can be placed at {places}")
        if self.at is None and kind.needs_point:
            raise ValueError(f"{self.name} needs a point: {', '.join(sorted(kind.points))}")
        if self.delay_s is not None and not kind.delay:
            raise ValueError(f"{self.name} has no delay")
        if self.is_immediate and (self.count, self.seconds) != (None, None):
            raise ValueError(f"{self.name} strikes once and now unless it is given a point")
        return self

    @property
    def is_immediate(self) -> bool:
        """Whether it strikes now and is over then."""
        return KINDS[self.name].at_once and self.at is None

    @property
    def places(self) -> frozenset[Point]:
        """Where it strikes."""
        return KINDS[self.name].home if self.at is None else frozenset({self.at})

    @property
    def effective_delay_s(self) -> float | None:
        """The delay that is meant."""
        return self.delay_s or KINDS[self.name].usual_delay_s


class FaultReport(FaultOrder):
    """A fault as it is.

    Attributes:
        struck: how often it has struck.
        ends_in_s: seconds until it ends by itself; None without a limit of time.
        active: it will strike again; False once its count or time is used up.
    """

    struck: int
    ends_in_s: float | None
    active: bool


class FaultReports(BaseModel):
    """All faults of one provider, in the order in which they were set."""

    faults: tuple[FaultReport, ...]
