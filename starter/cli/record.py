"""``vibesflow record``: any audio, cut into chunks and streamed as they are cut."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from starter.cli.command import command
from starter.cli.inputs import open_audio_input
from starter.cli.output import Output
from starter.cli.receipts import Acknowledged
from starter.cli.session_options import (
    DEFAULT_CREATOR,
    CreatorOption,
    ParticipantsOption,
    PatienceOption,
    ProducerOption,
    RtaOption,
    WindowOption,
)
from starter.cli.stopping import Stop, graceful_stop
from starter.recording import Recording, open_recording
from starter.session import PATIENCE_S, StreamingSession
from vibesflow.errors import VibesflowError
from vibesflow.ingest import Receipt
from vibesflow.media import AudioChunk
from vibesflow.media.recorder import DEFAULT_BIT_RATE
from vibesflow.settings import load_settings
from vibesflow.stream.times import minutes_seconds

InputArgument = Annotated[
    str, typer.Argument(metavar="INPUT", help="An audio file or pipe; '-' is standard input.")
]
ChunkSecondsOption = Annotated[
    float, typer.Option("--chunk-seconds", min=0.1, max=3_600, help="Length of a chunk.")
]
BitRateOption = Annotated[
    int, typer.Option("--bit-rate", min=6_000, max=510_000, help="Bits a second of the Opus audio.")
]
RealtimeOption = Annotated[
    bool, typer.Option("--realtime", help="Send no chunk before its audio would have been heard.")
]


@command
async def record(
    out: Output,
    source: InputArgument,
    rta: RtaOption = None,
    creator: CreatorOption = DEFAULT_CREATOR,
    chunk_seconds: ChunkSecondsOption = 60.0,
    participants: ParticipantsOption = 0,
    producer: ProducerOption = "",
    realtime: RealtimeOption = False,
    window: WindowOption = None,
    bit_rate: BitRateOption = DEFAULT_BIT_RATE,
    patience: PatienceOption = PATIENCE_S,
) -> None:
    """Cut any audio into WebM/Opus chunks and stream them as they are cut.

    Each chunk is acknowledged once its bytes are durable and Temporal has accepted it. The last
    one says so, and the stream completes when all of them are stored. Ctrl-C ends a recording in
    order: what is recorded so far is sent, the rest of a chunk as the last one.

    [bold]Examples[/bold]

    vibesflow record concert.flac --creator dj.near

    arecord -q -f cd | vibesflow record - --chunk-seconds 30

    ffmpeg -i rtmp://host/live -vn -f ogg - | vibesflow record - --json
    """
    settings = load_settings()
    with graceful_stop(out) as stop, open_audio_input(source, stop.event.is_set) as readable:
        async with open_recording(
            readable, name=source, chunk_s=chunk_seconds, bit_rate=bit_rate, stop=stop.event
        ) as recording:
            session = await StreamingSession.connect(
                settings,
                creator=creator,
                rta_id=rta,
                participants=participants,
                producer=producer,
                window_s=window,
                patience_s=patience,
            )
            sending = _Sending(out, session, recording, stop, realtime=realtime)
            receipts = await sending.run()
        acknowledged = Acknowledged(
            session.rta_id, receipts, recording.damaged_packets, interrupted=stop.asked
        )
    out.result(acknowledged.document(), acknowledged.view())


class _Sending:
    """Moves chunks from a recording to a session and shows how far it is."""

    def __init__(
        self,
        out: Output,
        session: StreamingSession,
        recording: Recording,
        stop: Stop,
        *,
        realtime: bool,
    ) -> None:
        self._out = out
        self._session = session
        self._recording = recording
        self._stop = stop
        self._realtime = realtime

    async def run(self) -> list[Receipt]:
        self._out.aside(f"Recording as {self._session.rta_id}")
        receipts: list[Receipt] = []
        try:
            await self._send_all(receipts)
        except VibesflowError:
            self._out.aside(f"{len(receipts)} chunks had been acknowledged before this:")
            raise
        return receipts

    async def _send_all(self, receipts: list[Receipt]) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
        with self._out.progress(*columns, TimeElapsedColumn()) as progress:
            shown = progress.add_task("listening", total=self._recording.declared_ms)
            async for chunk in self._recording.chunks():
                if self._realtime:
                    heard_s = begun_s + (chunk.offset_ms + chunk.duration_ms) / 1_000
                    await self._stop.sleep(heard_s - loop.time())
                receipts.append(
                    await self._session.send(
                        chunk.data, duration_ms=chunk.duration_ms, is_final=chunk.is_last
                    )
                )
                _show(progress, shown, chunk)


def _show(progress: Progress, shown: TaskID, chunk: AudioChunk) -> None:
    end_ms = chunk.offset_ms + chunk.duration_ms
    sent = f"{chunk.index + 1} acknowledged, {minutes_seconds(end_ms)}"
    progress.update(shown, completed=end_ms, description=sent)
