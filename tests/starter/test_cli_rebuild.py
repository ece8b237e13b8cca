"""What ``vibesflow rebuild`` says, and whom it asks; that it rebuilds is tested end to end."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from starter.cli.exits import ExitCode
from starter.cli.rebuild_view import rebuild_document, rebuild_view
from tests.starter.terminal import CommandLine, words
from vibesflow.rebuild import RebuildReport, StreamReport
from vibesflow.rebuild.facts import MEANING, Fact, Unknown
from vibesflow.settings import TableSettings

TABLE = TableSettings()


@pytest.fixture
def vibesflow() -> CommandLine:
    return CommandLine({"VIBESFLOW_NETWORK": "calibration"})


def shown(report: RebuildReport) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(rebuild_view(report, TABLE))
    return words(out.getvalue())


def report(**fields: object) -> RebuildReport:
    return RebuildReport.model_validate({"payer": "0xabc", "dry_run": False, **fields})


def test_a_payer_that_is_no_address_is_refused(vibesflow: CommandLine) -> None:
    result = vibesflow("rebuild", "--payer", "alice.near")
    assert result.exit_code == ExitCode.INPUT
    assert "--payer: not an address: 'alice.near'" in result.stderr


def test_somebody_must_say_whose_data_sets(vibesflow: CommandLine) -> None:
    result = vibesflow("rebuild", "--dry-run")
    assert result.exit_code == ExitCode.SETTINGS
    assert "VIBESFLOW_PAYER" in result.stderr


def test_a_stream_id_that_is_none_is_refused(vibesflow: CommandLine) -> None:
    payer = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
    result = vibesflow("rebuild", "--dry-run", "--payer", payer, "--rta", "no id")
    assert result.exit_code == ExitCode.INPUT
    assert "invalid_rta_id" in result.stderr


def test_people_see_what_was_written_and_what_is_not_known() -> None:
    streams = [
        StreamReport(rta_id="rta_a", version=2, is_complete=True, chunks=3, rows=3, stream=True),
        StreamReport(
            rta_id="rta_b",
            chunks=2,
            rows=2,
            stream=True,
            unknown=(Unknown(fact=Fact.MISSING, count=4, what="1, 2, 3, 5"),),
        ),
        StreamReport(rta_id="rta_c", failed="it kept being written to"),
        StreamReport(rta_id="rta_quiet", version=1, is_complete=True, chunks=1),
    ]
    text = shown(report(streams=streams, data_sets=2, pieces=1_200, ended_data_sets=(4,)))
    assert "Read 1,200 pieces in 2 data sets of 0xabc, 1 ended." in text
    assert "5 rows and 2 of 4 streams written into VibestreamsMetadata" in text
    assert "rta_a complete, version 2 3 3 0" in text
    assert "rta_b open 2 2 0 missing 4" in text
    assert "rta_c it kept being written to" in text
    assert "rta_quiet" not in text
    assert MEANING[Fact.MISSING] in text


def test_a_dry_run_says_would_be_and_long_lists_are_cut() -> None:
    streams = [StreamReport(rta_id=f"rta_{n}", rows=1, stream=True) for n in range(60)]
    text = shown(report(streams=streams, dry_run=True))
    assert "60 rows and 60 of 60 streams would be written" in text
    assert "... and 10 more" in text
    assert "Everything that the chain and the documents hold is known." in text


def test_programs_get_all_of_it() -> None:
    unknown = Unknown(fact=Fact.REV)
    stream = StreamReport(rta_id="rta_a", differing=("creator",), unknown=(unknown, unknown))
    document = rebuild_document(report(streams=[stream], not_found=("rta_z",)), TABLE)
    assert isinstance(document, dict)
    assert document["unknown"] == {"rev": 2}
    assert document["not_found"] == ["rta_z"]
    assert document["tables"] == ["VibestreamsMetadata", "VibestreamsChunks"]
    assert '"differing": ["creator"]' in json.dumps(document["streams"])
