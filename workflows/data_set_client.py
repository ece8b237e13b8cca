"""The door to data sets, for the activities that store pieces."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.client import Client

from vibesflow.data_set.orders import Pairs, PieceOrder
from vibesflow.settings import DataSetScope, FilecoinSettings
from vibesflow.stream.pages import first_page
from vibesflow.stream.piece_metadata import MAX_VALUE_BYTES
from workflows import messages
from workflows.connection import signal_with_start
from workflows.messages import DataSetInput


class DataSetClient:
    """Tells data sets which pieces to put on chain; fulfils `activities.ports.DataSetOrders`."""

    def __init__(self, client: Client, payer: str, settings: FilecoinSettings) -> None:
        self._client = client
        self._payer = payer
        self._settings = settings

    async def order(self, provider_id: int, orders: Sequence[PieceOrder], *, creator: str) -> None:
        """Signal the data set of a stream's orders, starting its workflow if none runs.

        Raises:
            TemporalDown: they have not all been accepted, or nobody knows.
        """
        rest = list(orders)
        while rest:
            page = first_page(rest)
            rest = rest[len(page) :]
            await self._signal(provider_id, page, creator)

    async def _signal(self, provider_id: int, page: list[PieceOrder], creator: str) -> None:
        scope = self.scope_of(page[0].rta_id, creator)
        await signal_with_start(
            self._client,
            messages.DATA_SET_WORKFLOW,
            DataSetInput(
                provider_id=provider_id, scope=scope, linger_s=self._settings.commit_linger_s
            ),
            workflow_id=messages.data_set_workflow_id(self._payer, provider_id, scope),
            signal=messages.ADD_PIECES,
            args=[page],
            summary=f"data set at provider {provider_id}",
        )

    def scope_of(self, rta_id: str, creator: str) -> Pairs:
        """Return the pairs that tell a stream's data sets from others, as the settings say."""
        if self._settings.data_set_scope is DataSetScope.CREATOR:
            return (("creator", creator[:MAX_VALUE_BYTES]),)
        if self._settings.data_set_scope is DataSetScope.RTA:
            return (("rta", rta_id),)
        return ()
