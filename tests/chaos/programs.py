"""What runs in the place of worker and API: the same programs, with points between the steps."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def stepped_programs(orders: Path, variables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return argument vectors by part, for `devnet.world.WorldPlan.programs`.

    Args:
        orders: the folder that the points look into.
        variables: settings that differ from the world's own.
    """
    return {
        part: program(f"tests.chaos.{part}", str(orders), variables=variables)
        for part in ("worker", "api")
    }


def program(module: str, *arguments: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the argument vector of a module of the tests, which lie outside the installation."""
    pairs = {"PYTHONPATH": str(_ROOT), **variables}
    assigned = [f"{name}={value}" for name, value in pairs.items()]
    return ("env", *assigned, sys.executable, "-m", module, *arguments)
