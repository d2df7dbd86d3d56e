"""The check ``open_warnings``: one place that names every warning that is open."""

import dagster as dg
import pytest

from sentiment_assets.branch.definitions import batch_partitions_name
from testing.batches import as_file, batch, kitchen
from testing.in_process import BranchInProcess

FIRST, SAME, OTHER = "2026-09.csv", "2026-10.csv", "2026-11.csv"


@pytest.mark.slow
def test_one_check_names_every_open_warning_whatever_ran_last(watched: BranchInProcess) -> None:
    assert watched.shown("open_warnings").passed
    watched.take_in(OTHER, as_file(kitchen(400)))
    watched.take_in(SAME, as_file(batch(400)))
    watched.score(FIRST)
    found = watched.shown("open_warnings")
    assert (found.passed, found.partition, found.severity) == (False, None, dg.AssetCheckSeverity.WARN)
    assert "text_drift of 2026-11.csv: About" in str(found.description)
    open_ = found.metadata["open"]
    assert isinstance(open_, dg.TableMetadataValue)
    assert {record.data["batch"] for record in open_.records} == {OTHER}

    watched.take_in(OTHER, as_file(batch(400, seed=7)))
    assert watched.shown("open_warnings").description == "No warning is open.", "it was replaced by one that is fine"


@pytest.mark.slow
def test_a_deleted_batch_has_no_open_warning(watched: BranchInProcess) -> None:
    watched.take_in(OTHER, as_file(kitchen(400)))
    assert not watched.shown("open_warnings").passed
    watched.instance.delete_dynamic_partition(batch_partitions_name("acme"), OTHER)
    check = dg.AssetCheckKey(dg.AssetKey(["acme", "raw_reviews"]), "open_warnings")
    asked = dg.Definitions(jobs=[dg.define_asset_job("ask", dg.AssetSelection.checks(check))])
    job = dg.Definitions.merge(watched.definitions, asked).resolve_job_def("ask")
    assert job.execute_in_process(instance=watched.instance).success
    assert watched.shown("open_warnings").passed
