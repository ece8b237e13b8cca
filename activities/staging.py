"""Letting go of staged bytes once their copies are confirmed on chain (design rule 8)."""

from __future__ import annotations

from temporalio import activity

from activities.heart import Heart
from activities.messages import ReleasedStaged, ReleaseStaged
from vibesflow.staging.port import Staging


class StagingActivities:
    """The workflow's hand on staging."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    @activity.defn(name="release_staged")
    async def release_staged(self, request: ReleaseStaged) -> ReleasedStaged:
        """Delete the bytes of each key and keep its digest; repeating it is no error."""
        async with Heart():
            for key in request.keys:
                await self._staging.release(key)
        return ReleasedStaged(count=len(request.keys))
