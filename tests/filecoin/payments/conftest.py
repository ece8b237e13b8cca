from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.filecoin.onchain import Onchain
from tests.filecoin.payments.purse import PoorClient, poor_client


@pytest.fixture
async def poor(world: Onchain) -> AsyncIterator[PoorClient]:
    """A payer with FIL and 50 USDFC in its wallet, who has deposited and approved nothing."""
    async with poor_client(world) as opened:
        yield opened
