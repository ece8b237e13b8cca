"""Telling an operator where a data set is kept, and what is under way there."""

from __future__ import annotations

import logging
from datetime import timedelta

from temporalio import activity
from temporalio.service import RPCError

from activities.messages import DescribePlace
from activities.ports import Registry
from vibesflow.data_set.place import COMMIT_SENT, CommitSent, Place
from vibesflow.errors import NoProvider

log = logging.getLogger(__name__)

TELL_TIMEOUT = timedelta(seconds=3)
"""The commit itself does not wait for long until somebody has been told of it."""


class DescribingActivities:
    """Looks a data set's provider up."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @activity.defn(name="describe_place")
    async def describe_place(self, request: DescribePlace) -> Place:
        """Describe the provider, and the data set that will be used there."""
        providers = {info.provider_id: info for info in await self._registry.providers()}
        info = providers.get(request.provider_id)
        if info is None:
            raise NoProvider(f"provider {request.provider_id} is not in the registry")
        data_set_id = (await self._registry.data_sets_in(request.scope)).get(info.provider_id)
        log.info(
            "data set of %s at provider %d (%s, %s, %s): %s",
            dict(request.scope) or "the wallet",
            info.provider_id,
            info.name,
            info.service_url,
            info.location or "no location",
            "to be created" if data_set_id is None else f"{data_set_id}, used again",
        )
        return Place(
            provider_id=info.provider_id,
            name=info.name,
            address=info.address,
            url=info.service_url,
            region=info.location,
            capacity=info.capacity,
            approved=info.approved,
            endorsed=info.endorsed,
            data_set_id=data_set_id,
            pieces_url=self._registry.retrieval_url(info, ""),
        )


async def tell_sent(sent: CommitSent) -> None:
    """Let the data set's workflow know of its transaction; nothing but its display needs it."""
    info = activity.info()
    if info.workflow_id is None:
        return
    handle = activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    try:
        await handle.signal(COMMIT_SENT, sent, rpc_timeout=TELL_TIMEOUT)
    except RPCError as error:
        log.warning("%s was not told of %s: %s", info.workflow_id, sent.tx_hash, error)
