import io

import pytest
from rich.console import Console

from starter.cli.receipts import Acknowledged
from starter.cli.stream_report import StreamReport, web_ui_link
from tests.samples import CREATOR, RTA, chunk_ref, stream_status
from tests.starter.terminal import words
from vibesflow.ingest import Receipt
from vibesflow.query import StreamView
from vibesflow.settings import TemporalSettings
from vibesflow.stream.status import SessionGap, StreamState


def shown(view) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(view)
    return words(console.file.getvalue())


@pytest.fixture
def recording():
    return stream_status(
        closes_at="2025-06-01T12:06:00.000Z", last_error="provider 2 [down]", window_s=360.0
    )


def test_a_running_stream_says_when_it_closes_and_what_went_wrong(recording):
    report = StreamReport(StreamView(rta_id=RTA, creator=CREATOR, live=True), recording, None)
    text = shown(report.view())
    assert "State recording Chunks none yet, 0:00" in text
    assert "Closes 2025-06-01T12:06:00.000Z, 360 s after the last chunk" in text
    assert "Last error provider 2 [down]" in text
    document = report.document()
    assert (document["state"], document["window_s"]) == ("recording", 360.0)
    assert document["closes_at"] == "2025-06-01T12:06:00.000Z"
    assert document["last_error"] == "provider 2 [down]"


def test_what_only_a_person_can_change_is_shown():
    why = "1 USDFC are missing [in Filecoin Pay]"
    report = StreamReport(StreamView(rta_id=RTA, live=True, waiting_for=why), None, None)
    assert f"Waiting for {why}" in shown(report.view())
    assert report.document()["waiting_for"] == why


def test_the_running_stream_has_the_word_on_its_state():
    view = StreamView(rta_id=RTA, is_complete=True, live=True)
    report = StreamReport(view, stream_status(StreamState.FINISHING), None)
    assert report.state is StreamState.FINISHING


def test_long_gaps_are_shortened_for_people():
    gap = SessionGap(
        session_started_at_ms=7, producer="desk", missing=tuple(range(100)), missing_count=345
    )
    report = StreamReport(StreamView(rta_id=RTA, missing=(gap,)), None, None)
    assert "18, 19 and 325 more (session 7 of desk)" in shown(report.view())
    assert report.document()["missing"][0]["missing_count"] == 345


def test_the_web_ui_link_is_left_out_where_none_is_configured():
    assert web_ui_link(TemporalSettings(), RTA) is None
    link = web_ui_link(TemporalSettings(ui_url="https://ui.example/", namespace="prod"), "a:b")
    assert link == "https://ui.example/namespaces/prod/workflows/rta%3Aa%3Ab"


def test_damaged_packets_are_told():
    acknowledged = Acknowledged(RTA, [Receipt(chunk=chunk_ref(0), created=True)], 3)
    assert "3 damaged packets of the input were left out" in shown(acknowledged.view())
    assert acknowledged.document()["damaged_packets"] == 3
