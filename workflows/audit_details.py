"""The words and numbers that an operator reads on a round's page in the Web UI."""

from __future__ import annotations

from vibesflow.audit.report import AuditReport


def render_audit(report: AuditReport) -> str:
    """Return a round's current details in Markdown (below the server's 20,000 bytes)."""
    figures, left = report.figures, report.leftovers
    about = f"stream `{report.rta_id}`" if report.rta_id else f"{report.share:.0%} of all streams"
    lines = [
        f"**{report.phase}** · {figures.copies} copies looked at · {figures.good} good · "
        f"{figures.bad} bad · {figures.doubtful} doubtful",
        "",
        f"- About: {about}, {report.streams} looked at, {figures.read_bytes:,} bytes read",
        f"- Pieces: {figures.repaired} repaired · **{figures.short} short** · "
        f"**{figures.lost} lost**",
    ]
    if report.widened:
        lines.append(f"- Data sets looked at whole: {', '.join(map(str, report.widened[:50]))}")
    lines.append(
        f"- Staging: {left.released} released · {left.adopted} handed to their streams · "
        f"{left.kept} still needed · {left.unknown} unknown"
    )
    lines.extend(f"- {problem}" for problem in report.problems)
    return "\n".join(lines)
