"""Requests that the OpenAPI document allows, and ones that it does not."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.api.tickets import OPERATOR_KEY, OTHER_KEY, ticket_for
from tests.samples import CREATOR, chunk_id_of

schemathesis.serializer.alias(["audio/webm", "audio/*"], "application/octet-stream")

RTA = "rta_1712345678901_fuzzed"
OTHER_RTA = "rta_1712345678901_others"
CHUNKS = 12

_AUDIO = st.binary(min_size=120, max_size=400)
_CHUNK_IDS = st.builds(
    lambda sequence, is_final: chunk_id_of(sequence, rta_id=RTA, is_final=is_final),
    st.integers(0, CHUNKS),
    st.booleans(),
)
_SHOWN = {
    "nothing": None,
    "nonsense": "Bearer nonsense",
    "another key's ticket": f"Bearer {ticket_for(RTA, key=OTHER_KEY)}",
    "an expired ticket": f"Bearer {ticket_for(RTA, now_s=1_000_000_000)}",
    "another stream's ticket": f"Bearer {ticket_for(OTHER_RTA)}",
    "a ticket": f"Bearer {ticket_for(RTA)}",
    "the operator key": f"Bearer {OPERATOR_KEY}",
}


@dataclass
class Shot:
    """A request, and what it shows at the door."""

    case: Case
    shows: str

    @property
    def is_entitled(self) -> bool:
        """The ticket, or the key, is right as far as uploads and commands go."""
        if self.case.path == "/upload":
            return self.shows == "a ticket"
        own = {"a ticket": RTA, "another stream's ticket": OTHER_RTA}
        stream = (self.case.path_parameters or {}).get("rta_id")
        return self.shows == "the operator key" or own.get(self.shows) == stream


def shots(document: dict[str, object]) -> st.SearchStrategy[Shot]:
    """Return requests to every route of a document, half of which it would not allow."""
    schema = schemathesis.openapi.from_dict(document)
    cases = [
        _mended(found.ok().as_strategy(generation_mode=mode))
        for found in schema.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    shown = st.sampled_from(["a ticket"] * 4 + list(_SHOWN))
    return st.builds(_shot, st.one_of(cases), shown)


def _shot(case: Case, shows: str) -> Shot:
    value = _SHOWN[shows]
    case.headers = {n: v for n, v in case.headers.items() if n.lower() != "authorization"}
    if value is not None:
        case.headers["Authorization"] = value
    return Shot(case, shows)


@st.composite
def _mended(draw: st.DrawFn, cases: st.SearchStrategy[Case]) -> Case:
    """Give some requests what chance never would: ids that fit each other, and good audio."""
    case = draw(cases)
    if case.path == "/upload":
        _mend_upload(draw, case)
    elif case.path_parameters and draw(st.booleans()):
        ids = st.sampled_from([RTA, OTHER_RTA, "rta_unknown"])
        case.path_parameters = {
            name: draw(_CHUNK_IDS if name == "upload_id" else ids) for name in case.path_parameters
        }
    return case


def _mend_upload(draw: st.DrawFn, case: Case) -> None:
    chunk_id, said = draw(_CHUNK_IDS), {}
    if draw(st.integers(0, 3)):
        said = {"X-Rta-Id": RTA, "X-Chunk-Id": chunk_id, "X-Creator": CREATOR}
    if draw(st.booleans()):
        case.headers = said
    else:
        case.headers.update(said)
    if draw(st.booleans()) and isinstance(case.body, dict):
        case.body["audioData"] = base64.b64encode(draw(_AUDIO)).decode()
    elif draw(st.booleans()):
        case.body, case.media_type = draw(_AUDIO), "audio/webm"
