"""What an operator reads of a data set, line by line."""

import pytest

from vibesflow.data_set.orders import DataSetStatus
from vibesflow.data_set.place import CommitSent, LastBatch, Place
from workflows.data_set_details import render_data_set

PLACE = Place(
    provider_id=4,
    name="Deep <b>Archive</b>",
    address="0x" + "4" * 40,
    url="https://sp.example",
    region="C=DE",
    capacity="capacityTib=500",
    approved=True,
    endorsed=True,
)
NONCE = "0" * 64


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ({}, "- Data set: not looked up yet"),
        ({}, "- Provider: 4"),
        ({}, "- Scope: all streams of the wallet"),
        ({}, "- Waits for: pieces"),
        ({"scope": (("rta", "rta_1"),)}, "- Scope: rta = rta1"),
        ({"waiting": 3}, "- Waits for: more pieces, or the linger time"),
        ({"committing": 2}, "- Waits for: the provider to pull and send the batch"),
        ({"place": PLACE}, "- Data set: will be created with the first commit"),
        ({"place": PLACE}, f"- Provider: 4, **Deep bArchive/b**, `{PLACE.address}`"),
        ({"place": PLACE}, "- Region: C=DE; capacity: capacityTib=500"),
        ({"place": PLACE}, "- Chosen: approved by the storage service, endorsed"),
        (
            {"place": PLACE.model_copy(update={"data_set_id": 7})},
            "- Data set: 7, found on chain and used again",
        ),
        (
            {"place": PLACE.model_copy(update={"data_set_id": 7, "endorsed": False})},
            "- Chosen: approved by the storage service, has a data set with this metadata",
        ),
        (
            {"place": Place(provider_id=4)},
            "- Chosen: it was ordered; it is not approved any more",
        ),
        (
            {"sent": CommitSent(nonce=NONCE, tx_hash="0x12"), "committing": 1},
            "- Data set: being created by `0x12`, waiting for the receipt",
        ),
        (
            {"sent": CommitSent(nonce=NONCE, tx_hash="0x12"), "committing": 1},
            "- Waits for: the receipt of `0x12`",
        ),
        (
            {"sent": CommitSent(nonce=NONCE, tx_hash="0x12", data_set_id=7)},
            "- Data set: 7, on chain",
        ),
        ({"data_set_id": 7}, "- Data set: 7, on chain"),
        ({"given_up": 1}, "- Given up, and may land yet: 1 batch"),
        ({"given_up": 2}, "- Given up, and may land yet: 2 batches"),
        (
            {"committing": 40, "committing_bytes": 12_345_678},
            "- Batch under way: 40 pieces, 12,345,678 bytes",
        ),
        (
            {"last": LastBatch(pieces=2, size_bytes=900, tx_hash="0x34", committed_at="now")},
            "- Last batch: 2 pieces, 900 bytes at now, `0x34`",
        ),
        ({"paused": "no money"}, "- **Paused**: no money"),
    ],
)
def test_each_fact_has_its_line(status: dict[str, object], line: str) -> None:
    assert line in render_data_set(DataSetStatus(provider_id=4, **status)).splitlines()


def test_strangers_words_stay_words_and_the_page_stays_short() -> None:
    long = Place(provider_id=4, name="*" * 200 + "n" * 200, region="[x](y)|`z`\n- Data set: 9")
    page = render_data_set(DataSetStatus(provider_id=4, place=long, paused="p" * 5_000))
    assert "- Region: x(y)z- Data set: 9; capacity: not announced" in page.splitlines()
    assert len(page.encode()) < 2_000
