"""The table at the end."""

from __future__ import annotations

import json
from pathlib import Path

from tests.chaos.run import Outcome

_KINDS = ("kill", "at a point", "pause", "restart")
_MOST_LINES = 20


def table_of(outcome: Outcome) -> str:
    """Return what a person wants to see first."""
    rows = _rows(outcome)
    lines = [_line("target", *_KINDS), *(_line(name, *counts) for name, counts in rows)]
    lines.append(_line("all", *(sum(counts[i] for _, counts in rows) for i in range(len(_KINDS)))))
    return "\n".join([*lines, "", *_facts(outcome), *_findings(outcome)])


def kills_of(outcome: Outcome) -> int:
    """All deaths by SIGKILL."""
    return sum(counts[0] + counts[1] for _, counts in _rows(outcome))


def write_json(outcome: Outcome, path: Path, *, seed: int) -> None:
    """Write the same for programs."""
    facts = {
        "seed": seed,
        "good": outcome.is_good,
        "kills": kills_of(outcome),
        "blows": {name: dict(zip(_KINDS, counts, strict=True)) for name, counts in _rows(outcome)},
        "points": dict(outcome.struck),
        "faults": dict(outcome.faults),
        "streams": outcome.streams,
        "acknowledged": outcome.verdict.chunks,
        "lost": outcome.verdict.lost,
        "doubled": outcome.verdict.doubled,
        "wrong": [*outcome.verdict.wrong, *_unfinished(outcome)],
        "recovery_s": outcome.recovery_s,
    }
    path.write_text(json.dumps(facts, indent=2) + "\n")


def _rows(outcome: Outcome) -> list[tuple[str, list[int]]]:
    at_points = {
        role: sum(n for point, n in outcome.struck.items() if point.startswith(role + "."))
        for role in ("client", "api", "worker")
    }
    names = sorted(
        {name for name, _ in outcome.blows} | {name for name, n in at_points.items() if n}
    )
    return [
        (
            name,
            [
                outcome.blows[name, "kill"],
                at_points.get(name, 0),
                outcome.blows[name, "pause"],
                outcome.blows[name, "restart"],
            ],
        )
        for name in names
    ]


def _line(name: object, *cells: object) -> str:
    return f"{name!s:12}" + "".join(f"{cell!s:>12}" for cell in cells)


def _facts(outcome: Outcome) -> list[str]:
    verdict = outcome.verdict
    faults = ", ".join(f"{name} {count}" for name, count in sorted(outcome.faults.items()))
    return [
        f"kills            {kills_of(outcome)} in {outcome.storm_s:.0f} s",
        f"faults           {faults or 'none'}",
        f"acknowledged     {verdict.chunks} chunks of {outcome.streams} streams",
        f"copies read back {verdict.copies}, {verdict.spare} of them to spare",
        f"lost             {len(verdict.lost)}",
        f"doubled          {len(verdict.doubled)}",
        f"otherwise wrong  {len(verdict.wrong) + len(_unfinished(outcome))}",
        f"recovery         {outcome.recovery_s:.0f} s after the storm",
    ]


def _unfinished(outcome: Outcome) -> list[str]:
    found = [f"workflow {name} failed" for name in outcome.failed]
    return [*found, f"not settled: {outcome.unsettled}"] if outcome.unsettled else found


def _findings(outcome: Outcome) -> list[str]:
    verdict = outcome.verdict
    found = [f"LOST     {words}" for words in verdict.lost]
    found += [f"DOUBLED  {words}" for words in verdict.doubled]
    found += [f"WRONG    {words}" for words in [*verdict.wrong, *_unfinished(outcome)]]
    if len(found) > _MOST_LINES:
        found[_MOST_LINES:] = [f"... and {len(found) - _MOST_LINES} more; see the report"]
    return ["", *found] if found else []
