"""``vibesflow complete``: end a stream by hand."""

from __future__ import annotations

from pydantic import JsonValue

from starter.cli.command import command
from starter.cli.opening import open_streams
from starter.cli.output import Output
from starter.cli.status import RtaArgument
from vibesflow.errors import WorkIncomplete
from vibesflow.query import StreamCompleter
from vibesflow.settings import load_settings
from vibesflow.stream.ids import check_rta_id
from vibesflow.stream.status import CompletionReply, StreamState
from vibesflow.stream.times import minutes_seconds


@command
async def complete(out: Output, rta: RtaArgument) -> None:
    """Complete a stream now instead of waiting for its window; one that is complete says so.

    Waits up to 20 seconds. A stream whose chunks are not all confirmed by then goes on by itself;
    the exit code is 8 in that case.

    [bold]Examples[/bold]

    vibesflow complete rta_1712345678901_ab12cd
    """
    settings = load_settings()
    check_rta_id(rta)
    async with open_streams(settings) as streams:
        reply = await StreamCompleter(streams.reader, streams.live).complete(rta)
    out.result(_document(rta, reply), _words(rta, reply))
    if reply.state is not StreamState.COMPLETE:
        raise WorkIncomplete(f"stream {rta} is not complete yet; it goes on by itself")


def _document(rta: str, reply: CompletionReply) -> dict[str, JsonValue]:
    return {"rta_id": rta, **reply.model_dump(mode="json")}


def _words(rta: str, reply: CompletionReply) -> str:
    if reply.state is not StreamState.COMPLETE:
        return f"{rta} is {reply.state.value}"
    was = "was complete already" if reply.already else "is complete"
    size = f"{reply.chunks} chunks, {minutes_seconds(reply.total_duration_ms)}"
    return f"{rta} {was}: version {reply.document_version}, {size}\n{reply.metadata_cid or ''}"
