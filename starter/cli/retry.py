"""``vibesflow retry``: try the chunks again that failed for good."""

from __future__ import annotations

from starter.cli.command import command
from starter.cli.opening import open_streams
from starter.cli.output import Output
from starter.cli.status import RtaArgument
from vibesflow.errors import StreamNotFound
from vibesflow.settings import load_settings
from vibesflow.stream.ids import check_rta_id
from vibesflow.stream.records import RowStatus


@command
async def retry(out: Output, rta: RtaArgument) -> None:
    """Try a stream's failed chunks again; their bytes were kept.

    It also works after completion: what succeeds is published as the document's next version.
    The command tells the stream and does not wait for the outcome.

    [bold]Examples[/bold]

    vibesflow retry rta_1712345678901_ab12cd
    """
    settings = load_settings()
    check_rta_id(rta)
    async with open_streams(settings) as streams:
        view = await streams.reader.stream(rta)
        if view is None:
            raise StreamNotFound(f"no stream {rta!r}")
        failed = view.count(RowStatus.FAILED)
        # A stream that does not answer may hold failed chunks that the table does not know yet.
        tell = failed > 0 or not (view.live or view.is_complete)
        if tell:
            await streams.live.retry(rta)
    words = f"{failed} failed chunks of {rta} are tried again" if tell else "No chunk has failed."
    out.result({"rta_id": rta, "failed": failed, "signalled": tell}, words)
