"""What `vibesflow demo` shows at the end: a table and links, or one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import quote, urlsplit

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from devnet.ready import Ready
from starter.demonstration import DemoReport
from workflows.messages import workflow_id

_CID_HEAD, _CID_TAIL = 12, 6


def as_document(report: DemoReport, ready: Ready) -> JsonValue:
    """Spell the report for programs."""
    return {
        "ok": report.is_good,
        "rta_id": report.rta_id,
        "elapsed_s": round(report.elapsed_s, 3),
        "metadata_cid": report.metadata_cid,
        "sent": report.sent,
        "chunks": [asdict(chunk) for chunk in report.chunks],
        "links": dict(_links(report, ready)),
    }


def as_view(report: DemoReport, ready: Ready) -> RenderableType:
    """Draw the report for people."""
    links = Table(box=None, show_header=False, pad_edge=False)
    for what, where in _links(report, ready):
        links.add_row(what.replace("_", " "), f"[link={where}]{where}[/link]")
    return Group(_chunks(report), "", _verdict(report), "", links)


def _chunks(report: DemoReport) -> Table:
    table = Table(title=f"Stream {report.rta_id}", title_justify="left")
    for name in ("chunk", "seconds", "bytes"):
        table.add_column(name, justify="right")
    table.add_column("PieceCID", no_wrap=True)
    for name in ("data set", "piece"):
        table.add_column(name, justify="right")
    table.add_column("provider", no_wrap=True)
    table.add_column("fetched back")
    for number, chunk in enumerate(report.chunks):
        table.add_row(
            str(number),
            f"{chunk.duration_ms / 1_000:.1f}",
            f"{chunk.size:,}",
            f"{chunk.piece_cid[:_CID_HEAD]}...{chunk.piece_cid[-_CID_TAIL:]}",
            str(chunk.data_set_id),
            str(chunk.piece_id),
            urlsplit(chunk.url).netloc,
            "equal" if chunk.is_equal else "[red]differs[/red]",
        )
    return table


def _verdict(report: DemoReport) -> Text:
    equal = sum(chunk.is_equal for chunk in report.chunks)
    decoded_s = sum(chunk.decoded_ms for chunk in report.chunks) / 1_000
    listed = "complete in the list" if report.metadata_cid else "not complete in the list"
    return Text(
        f"{equal} of {report.sent} chunks came back byte for byte, {decoded_s:.1f} s of audio "
        f"decoded, stream {listed}, {report.elapsed_s:.1f} s from the first chunk on.",
        style="green" if report.is_good else "red",
    )


def _links(report: DemoReport, ready: Ready) -> list[tuple[str, str]]:
    workflow = quote(workflow_id(report.rta_id), safe="")
    links = [
        ("workflow", f"{ready.temporal_ui}/namespaces/{ready.namespace}/workflows/{workflow}"),
        ("status", f"{ready.api}/filecoin/status/{quote(report.rta_id, safe='')}"),
        ("list", f"{ready.api}/api/vibestreams"),
    ]
    if report.chunks:
        links.append(("first_piece", report.chunks[0].url))
    return links
