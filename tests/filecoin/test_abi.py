from __future__ import annotations

import pytest

from vibesflow.filecoin import abi, events
from vibesflow.filecoin.abi import Event, Function


@pytest.mark.parametrize(
    ("function", "selector"),
    [
        (abi.VIEW_CONTRACT_ADDRESS, "7a9ebc15"),
        (abi.GET_DATA_SET, "bdaac056"),
        (abi.GET_CLIENT_DATA_SETS, "3208aa1f"),
        (abi.CLIENT_NONCES, "35b0e3f4"),
        (abi.AGGREGATE3, "82ad56cb"),
        (abi.FIND_PIECE_IDS_BY_CID, "6a4991a1"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_selectors(function: Function, selector: str) -> None:
    assert function.selector.hex() == selector


@pytest.mark.parametrize(
    ("event", "topic0"),
    [
        (
            events.PDP_DATA_SET_CREATED,
            "11369440e1b7135015c16acb9bc14b55b0f4b23b02010c363d34aec2e5b96281",
        ),
        (events.PIECES_ADDED, "396df50222a87662e94bb7d173792d5e61fe0b193b6ccf791f7ce433f0b28207"),
        (
            events.PIECES_ADDED_V2,
            "f940e16e56c59d7821a2d55055b93909607d378871e741e763798717d8924579",
        ),
        (events.PIECES_REMOVED, "6e87df804629ac17804b57ba7abbdfac8bdc36bab504fb8a8801eb313a8ce7b1"),
        (
            events.FWSS_DATA_SET_CREATED,
            "c90cb3863281dc6e2e16e74064ed2e0ab91144ccfe5c3492b8c33f58fe90d0db",
        ),
        (events.PIECE_ADDED, "e919e037e2ba38e953115496aafcfc43555ef39f79c2f5f996608a78628eabd7"),
        (
            events.PDP_PAYMENT_TERMINATED,
            "15371708a8f4745aad266e85741738fc10741627fcc63fd79f29843c59bb3eaf",
        ),
        (
            events.SERVICE_TERMINATED,
            "10c867634d8e51bbfd5ddd2e06b4f4a97a91274488ee3afbe1e146aa79e85293",
        ),
        (
            events.DEPOSIT_RECORDED,
            "0dc0013c9d314fc3894bafe429b311ffbd18598c3d159a5a0e31225215db94a7",
        ),
        (
            events.OPERATOR_APPROVAL_UPDATED,
            "9f4ee4f42b9fb561fb251246fa9cabfe12aeed51f1c615a17f34e5c0575b4fc8",
        ),
        (events.RAIL_CREATED, "b9f4f448b1c10a427fd0df9553b65fbd49cea0137977ce50f8deb47864b4754f"),
    ],
    ids=lambda value: value.signature.partition("(")[0] if isinstance(value, Event) else "",
)
def test_topics(event: Event, topic0: str) -> None:
    assert event.topic0.hex() == topic0


def test_arguments_and_results_go_through_the_abi() -> None:
    twice = Function("twice", ("uint256", "(bytes)"), ("uint256", "string[]"))
    data = twice.encode(5, (b"\x07",))
    assert data[:4] == twice.selector
    assert len(data) % 32 == 4
    answer = bytes(31) + b"\x03" + bytes(31) + b"\x40" + bytes(32)
    assert twice.decode(answer) == (3, ())
