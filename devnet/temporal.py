"""The Temporal server with its Web UI: the real one, in one process, on a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from devnet.part import Part
from devnet.ports import LOOPBACK, Ports
from devnet.probes import all_answer, http_answers, temporal_answers
from workflows.messages import CREATOR_KEY, STATE_KEY

NAMESPACE = "default"

SEARCH_ATTRIBUTES: Mapping[str, str] = {CREATOR_KEY.name: "Keyword", STATE_KEY.name: "Keyword"}
"""What the workflows set; on a real cluster ``vibesflow setup`` registers them."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
"""Without these the server waits for the disk at every step, three times slower."""


def temporal_program() -> str:
    """Return the server's program, which lies beside this interpreter."""
    return str(Path(sys.executable).with_name("temporal"))


def temporal_part(ports: Ports, database: Path, environment: Mapping[str, str]) -> Part:
    """Describe the server."""
    return Part(
        name="temporal",
        argv=(temporal_program(), "server", "start-dev", *_flags(ports, database)),
        environment=environment,
        folder=database.parent,
        probe=all_answer(
            temporal_answers(
                f"{LOOPBACK}:{ports.temporal}", NAMESPACE, frozenset(SEARCH_ATTRIBUTES)
            ),
            http_answers(f"http://{LOOPBACK}:{ports.temporal_ui}/"),
        ),
    )


def _flags(ports: Ports, database: Path) -> list[str]:
    flags = {
        "--ip": LOOPBACK,
        "--port": ports.temporal,
        "--ui-port": ports.temporal_ui,
        "--http-port": ports.temporal_http,
        "--metrics-port": ports.temporal_metrics,
        "--namespace": NAMESPACE,
        "--db-filename": database,
        "--log-level": "warn",
    }
    words = [word for name, value in flags.items() for word in (name, str(value))]
    for name, kind in SEARCH_ATTRIBUTES.items():
        words += ["--search-attribute", f"{name}={kind}"]
    for pragma in _PRAGMAS:
        words += ["--sqlite-pragma", pragma]
    return words
