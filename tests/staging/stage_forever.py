"""Stage keys until killed, from several tasks, and print each key once it is acknowledged."""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from tests.staging.audio import audio, put
from vibesflow.settings import StagingSettings
from vibesflow.staging import open_staging


async def main(url: str) -> None:
    staging = open_staging(StagingSettings(url=url))
    numbers = count()

    async def one_after_another() -> None:
        for number in numbers:
            key = f"rta_{number % 7}/{number:013d}-00000000-0"
            await put(staging, key, audio(number, 20_000))
            if number % 3 == 0:
                await staging.release(key)
            sys.stdout.write(f"{number} {key}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one_after_another() for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
