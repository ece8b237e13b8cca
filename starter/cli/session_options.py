"""Options that `record` and `stream` have in common, and the session they describe."""

from __future__ import annotations

from typing import Annotated

import typer

RtaOption = Annotated[
    str | None,
    typer.Option("--rta", metavar="RTA", help="Stream to add to. By default a new one is made."),
]
CreatorOption = Annotated[
    str, typer.Option("--creator", metavar="NAME", help="Wallet or account of who streams.")
]
ParticipantsOption = Annotated[
    int, typer.Option("--participants", min=0, help="Listeners and speakers in the room.")
]
ProducerOption = Annotated[
    str,
    typer.Option(
        "--producer", metavar="NAME", help="Which of several recorders of the stream this is."
    ),
]
WindowOption = Annotated[
    float | None,
    typer.Option(
        "--window",
        metavar="SECONDS",
        min=1,
        max=86_400,
        help="Silence after which a new stream is complete. By default the configured one.",
    ),
]
PatienceOption = Annotated[
    float,
    typer.Option(
        "--patience",
        metavar="SECONDS",
        min=0,
        help="How long a chunk is tried while staging or Temporal is down.",
    ),
]

DEFAULT_CREATOR = "anonymous"
