"""The example of `docs/filecoin.md` runs as it stands."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.filecoin.onchain import Onchain
from tests.filecoin.payments.purse import poor_client

PAGE = Path(__file__).parents[2] / "docs" / "filecoin.md"


async def test_the_example_stores_pays_and_reads_back(world: Onchain, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    async with poor_client(world) as poor:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            example,
            cwd=tmp_path,
            env={
                **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
                "VIBESFLOW_NETWORK": "devnet",
                "VIBESFLOW_DEVNET_INFO": str(world.export),
                "VIBESFLOW_PRIVATE_KEY": "0x" + bytes(poor.account.key).hex(),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
        assert child.returncode == 0, err.decode()
        (data_set_id,) = await world.data_sets(poor.address)
        assert out.decode().startswith(f"data set {data_set_id} holds bafkzcib")
