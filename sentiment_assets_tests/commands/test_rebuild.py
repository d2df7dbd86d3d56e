"""A version is made again, bit for bit, from what is kept with it; what has changed since is named."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sentiment_assets import cli
from sentiment_assets.commands.rebuild import CannotRebuild, rebuild
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.resources.registry import version_of
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess
from testing.models import made_model, register


@pytest.fixture
def one_file(trained: BranchInProcess) -> BranchInProcess:
    """The champion was trained on ``a.csv``; another file has come since."""
    assert trained.take_in("b.csv", as_csv(made_up_reviews(200, seed=7))).success
    return trained


def test_a_version_is_made_again_bit_for_bit_whatever_has_landed_since(one_file: BranchInProcess) -> None:
    rebuilt = rebuild("acme", "1")
    assert rebuilt.same
    assert rebuilt.splits.same
    assert rebuilt.batches == 1
    assert not rebuilt.other_packages


def test_a_later_version_is_made_from_all_its_batches_in_their_order(one_file: BranchInProcess) -> None:
    changed = one_file.with_settings(splits={"train": 70, "validation": 15, "test": 15})
    assert changed.train().success
    rebuilt = rebuild("acme", "2")
    assert (rebuilt.same, rebuilt.batches) == (True, 2)


@pytest.mark.slow
def test_a_batch_that_was_replaced_or_is_gone_is_named(one_file: BranchInProcess, tmp_path: Path) -> None:
    assert one_file.train().success
    assert one_file.take_in("a.csv", as_csv(made_up_reviews(600, seed=9))).success
    (tmp_path / "home" / "data" / "acme" / "raw_reviews" / "b.csv.parquet").unlink()
    with pytest.raises(
        CannotRebuild, match=r"b\.csv is gone; a\.csv is replaced since\. .* `retention: reviews` says\. Land"
    ):
        rebuild("acme", "2")


def test_a_version_without_a_recipe_and_one_that_is_not_there_are_said(acme: BranchInProcess) -> None:
    version = register(acme.tracking, "acme", made_model())
    with pytest.raises(CannotRebuild, match="version 1 of acme has no recipe.json: it was registered by a former rel"):
        rebuild("acme", version)
    with pytest.raises(CannotRebuild, match="has no version '7' in the registry; it has: 1"):
        rebuild("acme", "7")


def test_the_command_prints_for_people_and_for_programs(trained: BranchInProcess) -> None:
    told = CliRunner().invoke(cli.main, ["rebuild", "acme", "1"])
    assert told.exit_code == 0
    assert "acme, version 1, made again from 1 batch: the same model, to the last bit" in told.output
    as_json = json.loads(CliRunner().invoke(cli.main, ["rebuild", "acme", "1", "--json"]).output)
    assert as_json["same"] is True
    assert as_json["model"]["then"] == as_json["model"]["now"]


def test_another_model_fails_the_command(trained: BranchInProcess, tmp_path: Path) -> None:
    [kept] = (tmp_path / "home" / "mlartifacts").rglob("recipe.json")
    recipe = json.loads(kept.read_text())
    recipe["hyperparameters"]["eta0"] /= 10
    recipe["packages"]["numpy"] = "0.1"
    kept.write_text(json.dumps(recipe))
    told = CliRunner().invoke(cli.main, ["rebuild", "acme", "1"])
    assert told.exit_code == 1
    assert "another model came out" in told.output
    rebuilt = rebuild("acme", "1")
    assert rebuilt.splits.same
    assert list(rebuilt.other_packages) == ["numpy"]


def test_a_sister_that_is_another_model_since_is_named(trained: BranchInProcess, tmp_path: Path) -> None:
    """Her branch has begun anew, and its first version is not the one that this version started from."""
    version = register(trained.tracking, "movies", made_model())
    pinned = {"branch": "movies", "version": version, "digest": version_of("movies", version, tracking_uri()).digest}
    [kept] = (tmp_path / "home" / "mlartifacts").rglob("recipe.json")
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"sisters": {"movies@1": pinned}}))
    assert rebuild("acme", "1").splits.same
    trained.tracking.client().delete_registered_model("movies")
    assert register(trained.tracking, "movies", made_model("grand", "poor")) == version
    with pytest.raises(CannotRebuild, match="movies/1, the sister movies@1, is another model than it was then"):
        rebuild("acme", "1")


@pytest.mark.slow
def test_versions_of_one_train_run_have_recipes_of_their_own(acme: BranchInProcess) -> None:
    """Another choice among the same candidates makes another model, which MLflow has under the same train run."""
    assert acme.take_in("a.csv", as_csv(made_up_reviews(600))).success
    assert acme.train().success
    judged_otherwise = acme.with_settings(selection_metric="macro_f1")
    assert judged_otherwise.train("best_model").success
    runs = {each.run_id for each in acme.tracking.client().search_model_versions("name = 'acme'")}
    assert len(runs) == 1
    first, second = rebuild("acme", "1"), rebuild("acme", "2")
    assert first.same
    assert second.same
    assert first.model != second.model
