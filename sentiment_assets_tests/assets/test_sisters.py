"""A branch that starts from another one: which model that is, whether it may, and what becomes of it."""

import dagster as dg
import pytest

from sentiment_assets.assets.trained_candidates import read_candidate
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.resources.storage import Storage
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, failure_of

STORAGE = Storage(root="data")
CHINESE = [
    {"review_id": str(n), "text": f"这个东西真的很{word}，我非常{word}，第{n}次购买", "label": int(word == "好")}
    for n in range(400)
    for word in [("好", "差")[n % 2]]
]


def new_branch(beside: BranchInProcess, start_from: object, name: str = "shop") -> BranchInProcess:
    """A branch on the same instance, in the same home, that starts from a sister."""
    written = beside.settings.model_dump(exclude_unset=True)
    changed = {"landing": f"landing/{name}", "start_from": start_from}
    return BranchInProcess(beside.instance, name, BranchSettings.model_validate(written | changed))


@pytest.fixture
def shop(trained: BranchInProcess) -> BranchInProcess:
    """A branch with 300 reviews beside acme, from which it starts."""
    shop = new_branch(trained, "acme")
    shop.take_in("a.csv", as_csv(made_up_reviews(300, seed=7)))
    return shop


@pytest.mark.slow
def test_every_candidate_is_tried_without_and_with_the_sister(shop: BranchInProcess) -> None:
    assert shop.train().success
    keys = [each.key for each in shop.settings.candidates]
    assert len(keys) == 6
    trained = [read_candidate(STORAGE, "shop", key) for key in keys]
    columns = [len(each.svc.coefficients) for each in trained if each]
    assert columns[3:] == [each + 1 for each in columns[:3]]


@pytest.mark.slow
def test_the_model_is_pinned_and_the_champion_stands_alone(shop: BranchInProcess, trained: BranchInProcess) -> None:
    assert shop.train().success
    sister = trained.tracking.champion("acme")
    assert sister
    [pinned] = [each.data for each in shop.metadata("features")["sisters"].value.records]
    assert pinned == {"start_from": "acme", "model": "acme/1", "digest": sister.digest}
    champion = shop.tracking.champion("shop")
    assert champion
    assert str(shop.metadata("best_model")["selected_candidate"].value).startswith("start_from=acme|")
    [told] = [each.data for each in shop.metadata("best_model")["started_from"].value.records]
    assert told == {"branch": "acme", "version": "1", "digest": sister.digest}
    shop.tracking.client().delete_registered_model("acme")
    shop.take_in("b.csv", as_csv(made_up_reviews(20, seed=8)))
    assert shop.metadata_of("scored_reviews", "b.csv")["model_version"].value == "1"


@pytest.mark.slow
def test_reviews_that_the_sister_knows_are_set_aside_and_counted(shop: BranchInProcess) -> None:
    """``made_up_reviews(600)`` are what acme was trained on."""
    shop.take_in("b.csv", as_csv(made_up_reviews(600)[:200]))
    trained = shop.train()
    assert trained.success
    known = int(str(shop.metadata("features")["known_to_sisters"].value))
    assert 100 < known < 200, "all but those of its test split"
    looked_at = shop.metadata("suspicious_labels")["finding"].value
    check = next(each for each in trained.get_asset_check_evaluations() if each.check_name == "suspicious_labels")
    assert check.description == looked_at, "the check knows that these are the labels of the splits as they are"


def test_where_the_sister_knows_all_nothing_is_left_to_train_on(trained: BranchInProcess) -> None:
    shop = new_branch(trained, "acme")
    shop.take_in("a.csv", as_csv(made_up_reviews(600)))
    said = failure_of(shop.train())
    assert "shop: 5" in said
    assert "reviews are left out because a sister knows them" in said
    assert "train has no positive review" in said


def test_a_version_that_is_named_is_taken_whichever_the_champion_is(trained_twice: BranchInProcess) -> None:
    shop = new_branch(trained_twice, "acme@1")
    shop.take_in("a.csv", as_csv(made_up_reviews(300, seed=7)))
    assert shop.train("splits", "features").success
    [pinned] = [each.data for each in shop.metadata("features")["sisters"].value.records]
    assert pinned["model"] == "acme/1"


def test_features_change_with_the_champion_of_a_sister_that_is_not_one_version_for_good(
    trained: BranchInProcess,
) -> None:
    best_model = dg.AssetKey(["acme", "best_model"])
    for start_from, follows in (("acme", True), ("acme@1", False), (["acme@1", "acme"], True)):
        graph = new_branch(trained, start_from).definitions.get_repository_def().asset_graph
        assert (best_model in graph.get(dg.AssetKey(["shop", "features"])).parent_keys) == follows


@pytest.mark.parametrize(
    ("start_from", "says"),
    [
        ("movis", "`start_from` names movis, and there is no registered model 'movis'; there are: acme. Train that"),
        ("acme@9", "`start_from` names acme@9, and branch 'acme' has no version '9' in the registry; it has: 1. Train"),
    ],
)
def test_a_sister_that_is_not_there_is_named_with_those_that_are(
    trained: BranchInProcess, start_from: str, says: str
) -> None:
    shop = new_branch(trained, start_from)
    shop.take_in("a.csv", as_csv(made_up_reviews(300, seed=7)))
    assert f"shop: {says}" in failure_of(shop.train())


def test_a_sister_of_another_language_is_refused(trained: BranchInProcess) -> None:
    shop = new_branch(trained, "acme")
    shop.take_in("a.csv", as_csv(CHINESE))
    said = failure_of(shop.train())
    assert "shop: acme/1, a sister, speaks another language: most of the reviews are in zh, hers in en" in said


def test_a_branch_cannot_start_from_itself(trained: BranchInProcess) -> None:
    with pytest.raises(ValueError, match="branch shop: `start_from` names shop: a branch cannot start from itself"):
        _ = new_branch(trained, ["acme", "shop@3"]).definitions


@pytest.mark.slow
def test_nor_by_way_of_another(shop: BranchInProcess, trained: BranchInProcess) -> None:
    assert shop.train().success
    circle = new_branch(trained, "shop@1", "acme")
    said = failure_of(circle.train("features"))
    assert "acme: shop/1, a sister, has itself started from acme, and a branch cannot start from itself" in said


@pytest.mark.slow
def test_another_sister_than_the_features_were_built_with_is_refused(
    shop: BranchInProcess, trained: BranchInProcess
) -> None:
    assert shop.train().success
    without = shop.with_settings(start_from=[])
    assert "built with other settings" in failure_of(without.train("best_model"))
    trained.tracking.client().delete_registered_model("acme")
    said = failure_of(shop.train("best_model"))
    assert "shop: acme/1, a sister, is gone: there is no registered model 'acme'" in said
    assert "Materialize features, then trained_candidates" in said
