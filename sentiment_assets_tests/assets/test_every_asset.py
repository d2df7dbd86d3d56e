"""What holds for every asset of a branch."""

from testing.in_process import BranchInProcess

TRAINING = ("splits", "features", "trained_candidates", "best_model")


def test_each_asset_can_be_materialized_by_itself(ingested: BranchInProcess) -> None:
    for asset in TRAINING:
        assert ingested.train(asset).success, asset
    assert ingested.ingest("a.csv").success
    assert ingested.metadata("scored_reviews")["model_version"].value == "1"


def test_every_materialization_says_how_much_and_links_where_there_is_a_run(trained: BranchInProcess) -> None:
    for asset in ("raw_reviews", *TRAINING):
        assert trained.metadata(asset), asset
    for asset in ("trained_candidates", "best_model"):
        assert "/#/experiments/" in str(trained.metadata(asset)["mlflow_run"].value)
