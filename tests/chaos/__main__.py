"""Kill everything, again and again, and see whether an acknowledged chunk is ever lost.

A whole world runs as separate processes. Clients stream chunks with known digests, over HTTP and
with streaming sessions. Meanwhile processes are killed (SIGKILL), paused (SIGSTOP) and restarted,
at random moments and at named points between two steps; providers and table misbehave. Then the
storm ends, the system settles by itself, and everything that was acknowledged is looked for: in
the table, on chain, at the providers, in the documents.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.log import EventLog
from tests.chaos.report import table_of, write_json
from tests.chaos.run import Places, Run
from tests.chaos.storm import Strength
from tests.chaos.targets import SHARES

EXIT_BROKEN_PROMISE = 1
_EPILOG = f"""\
targets: {", ".join(SHARES)};
  also "providers" (their faults) and "table-faults"

exit codes: 0 nothing was lost, doubled or otherwise wrong; 1 something was, and the folder is
  kept whole; 2 wrong usage; any other: the run itself broke

examples:
  python -m tests.chaos --seed 7 --minutes 10
  python -m tests.chaos --seed 7 --minutes 2 --only worker,chain     which of them is to blame?

files, in the folder of the run:
  events.jsonl    every kill, pause, order and fault with its second
  journals/       what each client offered and was told, a line each, fsynced
  report.json     the table at the end, for programs
  world/logs/     what each process said
  driver.log      what was started again, and why
"""


def main() -> int:
    options = _options()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    places = Places((options.folder / f"seed-{options.seed}-{stamp}").resolve())
    places.root.mkdir(parents=True)
    logging.basicConfig(
        filename=places.root / "driver.log", format="%(asctime)s %(name)s: %(message)s"
    )
    log = EventLog(places.root / "events.jsonl")
    only = frozenset(options.only.split(",")) if options.only else None
    strength = Strength(options.seed, options.kills_per_minute, only)
    log.note("begin", seed=options.seed, minutes=options.minutes, only=options.only)
    run = Run(places, strength, log)
    outcome = asyncio.run(run.outcome(options.minutes * 60, settle_s=options.settle_minutes * 60))
    write_json(outcome, places.root / "report.json", seed=options.seed)
    sys.stdout.write(f"\n{table_of(outcome)}\n\nseed {options.seed}; {places.root}\n")
    log.close()
    if outcome.is_good and not options.keep:
        shutil.rmtree(places.world)
    return 0 if outcome.is_good else EXIT_BROKEN_PROMISE


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seed", type=int, default=1, help="what happens follows from it (default: 1)")
    add("--minutes", type=float, default=10, help="how long the storm lasts (default: 10)")
    add(
        "--kills-per-minute",
        type=float,
        default=36,
        help="over all targets; a slow machine does fewer (default: 36)",
    )
    add("--only", help="strike these targets alone, separated by commas")
    add("--settle-minutes", type=float, default=12, help="longest recovery (default: 12)")
    add("--keep", action="store_true", help="keep the world's data although all is well")
    add(
        "--folder",
        type=Path,
        default=Path(".vibesflow/chaos"),
        help="where runs keep their files (default: .vibesflow/chaos)",
    )
    options = parser.parse_args()
    known = {*SHARES, "providers", "table-faults"}
    if options.only and (unknown := set(options.only.split(",")) - known):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
