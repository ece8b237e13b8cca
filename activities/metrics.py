"""Upload metrics on Temporal's Prometheus endpoint; labels are bounded by the provider registry."""

from __future__ import annotations

from temporalio import activity

_MIB = 2**20


def note_upload(*, provider_id: int, size_bytes: int, seconds: float) -> None:
    """Count one piece that a provider has taken."""
    meter = activity.metric_meter().with_additional_attributes({"provider": str(provider_id)})
    meter.create_counter("vibesflow_upload_pieces", "Pieces taken by a provider").add(1)
    meter.create_counter("vibesflow_upload_bytes", "Bytes taken by a provider", "By").add(
        size_bytes
    )
    meter.create_histogram_float(
        "vibesflow_upload_seconds", "From the first byte until the piece can be read", "s"
    ).record(seconds)
    meter.create_histogram_float(
        "vibesflow_upload_rate", "Speed of one upload in MiB a second", "MiBy/s"
    ).record(size_bytes / _MIB / max(seconds, 1e-3))


def note_provider_fault(*, provider_id: int, code: str) -> None:
    """Count an upload that made us take another provider; codes are those of our errors."""
    meter = activity.metric_meter().with_additional_attributes(
        {"provider": str(provider_id), "code": code}
    )
    meter.create_counter("vibesflow_upload_faults", "Uploads that a provider failed").add(1)


def note_pinned(*, size_bytes: int, is_verified: bool) -> None:
    """Count one chunk that the pinning service has taken."""
    meter = activity.metric_meter().with_additional_attributes({"verified": is_verified})
    meter.create_counter("vibesflow_pinned_chunks", "Chunks pinned to IPFS").add(1)
    meter.create_counter("vibesflow_pinned_bytes", "Bytes pinned to IPFS", "By").add(size_bytes)


def note_unpinned(*, pins: int) -> None:
    """Count pins that were let go."""
    activity.metric_meter().create_counter(
        "vibesflow_unpinned_chunks", "Chunks that left IPFS for Filecoin"
    ).add(pins)


def note_confirmed(*, provider_id: int, pieces: int) -> None:
    """Count pieces that the chain has confirmed."""
    meter = activity.metric_meter().with_additional_attributes({"provider": str(provider_id)})
    meter.create_counter("vibesflow_confirmed_pieces", "Pieces confirmed on chain").add(pieces)


def note_unfunded(*, provider_id: int) -> None:
    """Count a look at the wallet that found too little for a commit."""
    meter = activity.metric_meter().with_additional_attributes({"provider": str(provider_id)})
    meter.create_counter("vibesflow_commits_unfunded", "Commits that wait for funds").add(1)
