"""The Temporal server with its Web UI: the real one, in one process, on a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from devnet.part import Part
from devnet.ports import LOOPBACK, Ports
from devnet.probes import all_answer, http_answers, temporal_answers
from vibesflow.settings import AuditSettings, TemporalSettings
from workflows.audit_client import AuditClient
from workflows.connection import connect
from workflows.messages import CREATOR_KEY, STATE_KEY

NAMESPACE = "default"

SEARCH_ATTRIBUTES: Mapping[str, str] = {CREATOR_KEY.name: "Keyword", STATE_KEY.name: "Keyword"}
"""What the workflows set; on a real cluster ``vibesflow setup`` registers them."""

AUDIT = AuditSettings.model_construct(share=1.0, patience_s=15.0, leftover_age_s=300.0)
"""How the world audits: everything, as there is little; providers of the world are started again
within seconds, and no part is away for minutes."""

FAIRNESS = (("--dynamic-config-value", "matching.enableFairness=true"),)
"""Tasks of a queue are handed out in turns by fairness key, which is the creator."""

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
        prepare=lambda: _schedule_audits(f"{LOOPBACK}:{ports.temporal}"),
    )


async def _schedule_audits(address: str) -> None:
    """Make the schedule that ``vibesflow audit --now`` triggers; by itself it starts nothing."""
    client = await connect(TemporalSettings.model_construct(address=address, namespace=NAMESPACE))
    await AuditClient(client, AUDIT).ensure_schedule(paused=True)


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
    for flag in FAIRNESS:
        words += flag
    for pragma in _PRAGMAS:
        words += ["--sqlite-pragma", pragma]
    return words
