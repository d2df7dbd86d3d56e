"""What holds for every asset of a branch."""

import dagster as dg
import pytest

from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess

TRAINING = ("splits", "features", "trained_candidates", "best_model", "suspicious_labels")


@pytest.mark.slow
def test_each_asset_can_be_materialized_by_itself(ingested: BranchInProcess) -> None:
    for asset in TRAINING:
        assert ingested.train(asset).success, asset
    assert ingested.ingest("a.csv").success
    assert ingested.metadata("scored_reviews")["model_version"].value == "1"


def test_every_materialization_says_how_much_and_links_where_there_is_a_run(trained: BranchInProcess) -> None:
    for asset in ("raw_reviews", *TRAINING):
        assert trained.metadata(asset), asset
    for asset in ("trained_candidates", "best_model", "suspicious_labels"):
        assert "/#/experiments/" in str(trained.metadata(asset)["mlflow_run"].value)


def test_each_column_of_a_frame_says_which_columns_it_was_made_of(trained: BranchInProcess) -> None:
    assert trained.score("a.csv").success
    made_of = {"splits": "raw_reviews", "scored_reviews": "raw_reviews", "suspicious_labels": "splits"}
    for asset, source in made_of.items():
        spec = trained.definitions.resolve_asset_graph().get(dg.AssetKey(["acme", asset]))
        own = {column.name for column in spec.metadata["dagster/column_schema"].columns}
        drawn = trained.metadata(asset)["dagster/column_lineage"]
        assert isinstance(drawn, dg.TableColumnLineageMetadataValue)
        deps = drawn.value.deps_by_column
        assert set(deps) <= own
        assert len(deps) >= len(own) - 1, "all but what comes from the model or the file"
        assert {dep.asset_key.path[-1] for of in deps.values() for dep in of} == {source}


@pytest.mark.parametrize("name", ["a" * 251 + ".csv", "2026/" + "，" * 83 + "aa.csv", "x" * 200 + "\n" * 51 + ".csv"])
def test_a_file_with_the_longest_name_there_is_becomes_a_batch_with_scores_and_a_report(
    trained: BranchInProcess, name: str
) -> None:
    """Its key may be three times as long as the name."""
    assert len(name.rpartition("/")[2].encode()) == 255
    key = trained.land(name, as_csv(made_up_reviews(700)))
    for done in (trained.ingest(key), trained.score(key), trained.report()):
        assert done.success
    assert trained.metadata("scored_reviews")["dagster/row_count"].value == 700
