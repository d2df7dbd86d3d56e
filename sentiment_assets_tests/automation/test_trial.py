"""A trial tells what a hyperparameter set is good for, and changes nothing."""

import dagster as dg
import pytest

from sentiment_assets.assets.trained_candidates import read_candidate
from sentiment_assets.automation.run_history import belongs_to, last_train_run, trains
from sentiment_assets.automation.scoring_sensor import batches_to_score
from sentiment_assets.automation.training_state import training_state
from sentiment_assets.resources.storage import Storage
from testing.in_process import BranchInProcess, failure_of, run_id_of

STORAGE = Storage(root="data")
MINE = {"epochs": 2, "eta0": 0.5, "l2": 1e-4}


def try_out(branch: BranchInProcess, **config: object) -> dg.ExecuteInProcessResult:
    return branch.run("trial", run_config={"ops": {"acme__trial": {"config": config}}})


def told(result: dg.ExecuteInProcessResult) -> dict[str, dg.MetadataValue]:
    [event] = [each for each in result.all_events if each.is_successful_output]
    return dict(event.step_output_data.metadata)


def test_a_trial_is_measured_on_what_was_held_out_and_stands_beside_the_candidates(trained: BranchInProcess) -> None:
    result = try_out(trained, **MINE, seed=3)
    assert result.success
    metadata = told(result)
    said = str(metadata["result"].value)
    assert said.startswith("epochs=2|eta0=0.5|l2=0.0001: validation loss 0.")
    assert said.endswith(" of 4.")
    run = trained.tracking.client().get_run(run_id_of(metadata))
    assert run.data.tags["sentiment_assets.role"] == "trial"
    assert run.info.status == "FINISHED"
    assert (run.data.params["epochs"], run.data.params["seed"]) == ("2", "3")
    assert run.data.metrics["validation_loss"] == metadata["validation_loss"].value
    assert not [name for name in {*metadata, *run.data.metrics} if name.startswith("test_")], "test stays honest"
    steps = trained.tracking.client().get_metric_history(run.info.run_id, "validation_hinge_loss")
    assert [each.step for each in steps] == [1, 2]


def test_the_set_of_a_candidate_has_the_loss_of_the_candidate(trained: BranchInProcess) -> None:
    key = str(trained.metadata("best_model")["selected_candidate"].value)
    candidate = read_candidate(STORAGE, "acme", key)
    assert candidate is not None
    same = {name: value for name, value in candidate.hyperparameters.told.items() if value is not None}
    [table] = [each for each in told(try_out(trained, **same)).values() if isinstance(each, dg.TableMetadataValue)]
    losses = {record.data["trial"]: record.data["validation_loss"] for record in reversed(table.records)}
    assert losses[True] == losses[False]
    other = told(try_out(trained, **same, seed=7))
    assert other["validation_loss"].value != pytest.approx(losses[True], abs=1e-9)


@pytest.mark.slow
def test_a_trial_leaves_everything_as_it_is(trained: BranchInProcess) -> None:
    """Also one of a set that is a partition of the branch's own grid."""
    ingested = trained.instance.get_dynamic_partitions("acme/batches")

    def state() -> object:
        champion = trained.tracking.champion_version("acme")
        last = last_train_run(trained.instance, "acme")
        files = {path.name: path.read_bytes() for path in STORAGE.path("acme", "trained_candidates").iterdir()}
        return (
            champion,
            len(trained.tracking.versions("acme")),
            last and last.dagster_run.run_id,
            training_state(trained.instance, "acme", STORAGE, trained.tracking),
            batches_to_score(trained.instance, "acme", ingested, trained.tracking, again=True),
            {asset: trained.data_version(asset) for asset in ("splits", "features", "best_model")},
            files,
        )

    before = state()
    for config in (MINE, {"epochs": 1, "eta0": 1.0, "l2": 1e-5, "seed": 5}):
        result = try_out(trained, **config)
        assert result.success
        assert not result.get_asset_materialization_events()
        run = trained.instance.get_run_by_id(result.run_id)
        assert run is not None
        assert not trains(run, "acme")
        assert not belongs_to(run, "acme"), "whoever started it looks at it: nobody is told"
    assert state() == before
    assert trained.train().success
    assert trained.metadata("best_model")["outcome"].value == "unchanged"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"features": "syllables"}, "features: Input should be 'words', 'characters' or 'words+characters'"),
        ({"features": "characters"}, "features: the branch has no characters, it has "),
        ({"start_from": "movies"}, "start_from: movies is no sister of the branch's features; there are: none"),
        ({"eta0": -1.0}, "eta0: Input should be greater than 0"),
        ({"schedule": "optimal", "l2": 0.0}, "schedule 'optimal' needs l2 above 0"),
        ({"word_share": 0.9}, "word_share is for the feature set words+characters"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_what_is_wrong(
    trained: BranchInProcess, config: dict[str, object], said: str
) -> None:
    assert said in failure_of(try_out(trained, **(MINE | config)))


def test_a_trial_that_names_no_feature_set_is_told_what_there_is_if_the_branch_has_no_words(
    ingested: BranchInProcess,
) -> None:
    search = {"candidates": [MINE | {"features": "characters"}]}
    branch = ingested.with_settings(search=search, features={})
    assert branch.train("splits", "features").success
    assert "features: the branch has no words, it has characters" in failure_of(try_out(branch, **MINE))


def test_a_word_that_no_trial_knows_is_refused_before_anything_runs(trained: BranchInProcess) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match='Received unexpected config entry "epoch"'):
        try_out(trained, **MINE, epoch=3)


def test_without_features_a_trial_says_what_to_run(ingested: BranchInProcess) -> None:
    assert "acme has no features yet: run the job acme_train first." in failure_of(try_out(ingested, **MINE))


def test_the_launchpad_begins_with_the_first_set_of_the_branch_and_describes_every_word(acme: BranchInProcess) -> None:
    job = acme.definitions.resolve_job_def("acme_trial")
    shown = job.run_config["ops"]["acme__trial"]["config"]
    [first, *_] = acme.settings.candidates
    assert (shown["epochs"], shown["eta0"], shown["l2"]) == (first.epochs, first.eta0, first.l2)
    assert {"eta0", "l2", "schedule", "class_weight", "seed"} <= set(shown)
    fields = job.run_config_schema.config_type.fields["ops"].config_type.fields["acme__trial"].config_type.fields
    described = fields["config"].config_type.fields
    assert all(each.description for each in described.values())
