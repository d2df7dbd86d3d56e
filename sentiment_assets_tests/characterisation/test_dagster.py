"""Facts about Dagster itself that the design leans on (docs/decisions/0001).

When an upgrade turns one of these red, the place that leans on it is named in the test; think before mending the test.
"""

import asyncio
import logging
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster import DagsterRun
from dagster._core.errors import DagsterInvalidDefinitionError
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.loader import LoadingContextForTest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.monitoring import run_monitoring

from sentiment_assets.checks.results import evaluations
from sentiment_assets.cli import prepare_dagster_home
from sentiment_assets.resources.dagster_runs import is_launched_again, runs_under_way

KEYS = ["c1", "c2", "c3"]
RANGE = {"dagster/asset_partition_range_start": "c1", "dagster/asset_partition_range_end": "c3"}
ASSET = dg.AssetKey("candidates")


def candidates(failing: str | None = None, skipping: str | None = None) -> dg.AssetsDefinition:
    """The shape of ``trained_candidates``: plan, a mapped op, a collecting op without a value."""

    @dg.op(out=dg.DynamicOut(dg.Nothing))
    def plan(context: dg.AssetExecutionContext) -> Iterator[dg.DynamicOutput[None]]:
        for key in context.partition_keys:
            yield dg.DynamicOutput(None, mapping_key=key)

    @dg.op(ins={"planned": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing, is_required=False))
    def train(context: dg.AssetExecutionContext) -> Iterator[dg.Output[None]]:
        key = str(context.op_execution_context.get_mapping_key())
        if key == failing:
            raise RuntimeError("this one fails")
        if key == skipping:
            return
        context.log_event(dg.AssetMaterialization(ASSET, partition=key, metadata={"figure": 1}))
        yield dg.Output(None)

    @dg.op(ins={"trained": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
    def gather(context: dg.AssetExecutionContext) -> None:
        for key in context.partition_keys:
            context.add_asset_metadata({"figure": 2}, partition_key=key)

    @dg.graph_asset(
        name="candidates",
        partitions_def=dg.StaticPartitionsDefinition(KEYS),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def graph() -> None:
        return gather(trained=plan().map(lambda planned: train(planned=planned)).collect())

    return graph


def run(asset: dg.AssetsDefinition, history: dg.DagsterInstance, *more: object) -> dg.ExecuteInProcessResult:
    definitions = dg.Definitions(assets=[asset, *more], jobs=[dg.define_asset_job("all", selection="*")])
    return definitions.resolve_job_def("all").execute_in_process(instance=history, tags=RANGE, raise_on_error=False)


def figures(history: dg.DagsterInstance, key: str) -> list[object]:
    """The metadata of a partition's materializations, latest first."""
    wanted = dg.AssetRecordsFilter(asset_key=ASSET, asset_partitions=[key])
    records = history.fetch_materializations(wanted, limit=10).records
    found = [record.asset_materialization.metadata for record in records if record.asset_materialization]
    return [metadata["figure"].value if metadata else None for metadata in found]


def test_one_run_over_a_range_materializes_every_partition(history: dg.DagsterInstance) -> None:
    """assets/trained_candidates.py: `all_candidates_tags` makes a train run cover every candidate."""
    assert run(candidates(), history).success
    assert history.get_materialized_partitions(ASSET) == set(KEYS)


def test_the_final_output_adds_a_second_event_that_carries_the_collecting_ops_metadata(
    history: dg.DagsterInstance,
) -> None:
    """assets/trained_candidates.py: without `add_asset_metadata` in the collecting op the latest event is empty."""
    run(candidates(), history)
    assert figures(history, "c2") == [2, 1]


def test_dynamic_partitions_keep_the_order_in_which_they_were_registered(history: dg.DagsterInstance) -> None:
    """checks/results.py: which batches are earlier, and in what order people see them."""
    batches = dg.DynamicPartitionsDefinition(name="batches")
    for key in ("c", "a", "b", "a"):
        history.add_dynamic_partitions("batches", [key])
    assert list(batches.get_partition_keys(dynamic_partitions_store=history)) == ["c", "a", "b"]


def test_the_checks_of_a_multi_asset_check_carry_the_partition_of_their_run(history: dg.DagsterInstance) -> None:
    """checks/results.py: one record per batch."""
    batches = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset(partitions_def=batches)
    def reviews() -> None: ...

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [dg.AssetCheckSpec(name, asset="reviews", partitions_def=batches) for name in ("one", "two")]

    @dg.multi_asset_check(specs=specs)
    def both(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        for name in ("one", "two"):
            yield dg.AssetCheckResult(check_name=name, asset_key="reviews", passed=context.partition_key == "b")

    definitions = dg.Definitions(
        assets=[reviews], asset_checks=[both], jobs=[dg.define_asset_job("all", selection="*")]
    )
    result = definitions.resolve_job_def("all").execute_in_process(instance=history, partition_key="b")
    assert [(each.partition, each.passed) for each in result.get_asset_check_evaluations()] == [("b", True)] * 2


def test_an_event_of_a_mapped_op_outlives_the_failure_of_its_sibling(history: dg.DagsterInstance) -> None:
    """assets/trained_candidates.py: finished candidates stay green though the collecting op is skipped."""
    assert not run(candidates(failing="c2"), history).success
    assert history.get_materialized_partitions(ASSET) == {"c1", "c3"}


def test_a_skipped_mapped_step_is_materialized_all_the_same(history: dg.DagsterInstance) -> None:
    """assets/trained_candidates.py: so a candidate fails loudly, never skips, and the collecting op looks for each."""
    assert run(candidates(skipping="c2"), history).success
    assert figures(history, "c2") == [2]


def test_only_the_asset_context_can_add_metadata_to_a_partition() -> None:
    """assets/trained_candidates.py: why its ops are annotated with AssetExecutionContext."""
    assert hasattr(dg.AssetExecutionContext, "add_asset_metadata")
    assert not hasattr(dg.OpExecutionContext, "add_asset_metadata")


def test_the_file_io_managers_refuse_one_value_for_many_partitions(history: dg.DagsterInstance) -> None:
    """assets/trained_candidates.py: why the collecting op gives Nothing and candidates are stored by the mapped op."""

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(KEYS))
    def many() -> int:
        return 1

    result = run(many, history)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "multiple partitions" in failure.step_failure_data.error_display_string


@pytest.mark.parametrize("key", ["epochs=5", "a|b", "0.1", "a-b"])
def test_a_mapping_key_holds_letters_digits_and_underscores_only(key: str) -> None:
    """assets/trained_candidates.py: why there is `mapping_key` beside the readable partition key."""
    with pytest.raises(DagsterInvalidDefinitionError):
        dg.DynamicOutput(None, mapping_key=key)


def test_a_partition_key_may_hold_what_ours_hold_but_not_three_dots() -> None:
    """learning/hyperparameters.py and ingestion/batch_key.py: the alphabets of partition keys."""
    dg.StaticPartitionsDefinition(["epochs=20|eta0=0.1|l2=3e-05"])
    with pytest.raises(DagsterInvalidDefinitionError):
        dg.StaticPartitionsDefinition(["a...b"])


def test_two_ops_of_one_name_with_different_code_cannot_stand_in_one_location() -> None:
    """assets/trained_candidates.py: why the names of its ops begin with the branch's."""

    def branch(name: str) -> dg.AssetsDefinition:
        @dg.op(name="train", description=name)
        def train() -> None:
            return None

        @dg.graph_asset(name=name)
        def graph() -> None:
            return train()

        return graph

    with pytest.raises(DagsterInvalidDefinitionError, match="train"):
        dg.Definitions.validate_loadable(dg.Definitions(assets=[branch("a"), branch("b")]))


def test_a_check_has_its_partition_in_a_run_of_one_key_and_none_in_a_run_over_a_range(
    history: dg.DagsterInstance,
) -> None:
    """branch/batches.py: why it tells evaluations with their partition, and yields no results."""
    partitions = dg.StaticPartitionsDefinition(KEYS)

    @dg.asset(partitions_def=partitions)
    def batches() -> None:
        return None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(asset="batches", partitions_def=partitions)
        def adds_up() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=True)

    definitions = dg.Definitions(
        assets=[batches], asset_checks=[adds_up], jobs=[dg.define_asset_job("all", selection="*")]
    )
    job = definitions.resolve_job_def("all")
    one = job.execute_in_process(instance=history, partition_key="c2")
    ranged = job.execute_in_process(instance=history, tags=RANGE)
    assert [evaluation.partition for evaluation in one.get_asset_check_evaluations()] == ["c2"]
    assert [evaluation.partition for evaluation in ranged.get_asset_check_evaluations()] == [None]


def two_assets_in_a_circle(failing: str = "") -> dg.Definitions:
    """The shape of ``branch/batches.py``: two assets of one step, and one outside of it that lies between them."""
    batches = dg.StaticPartitionsDefinition(KEYS)
    taken_in, model, scored = dg.AssetKey("taken_in"), dg.AssetKey("model"), dg.AssetKey("scored")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        checks = [dg.AssetCheckSpec("adds_up", asset=taken_in, partitions_def=batches)]

    @dg.multi_asset(
        specs=[dg.AssetSpec(taken_in, skippable=True), dg.AssetSpec(scored, deps=[taken_in, model], skippable=True)],
        check_specs=checks,
        partitions_def=batches,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def both(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.Output[None]]:
        for key in context.partition_keys:
            if key == failing:
                continue
            for asset in (taken_in, scored):
                if asset in context.selected_asset_keys:
                    yield dg.AssetMaterialization(asset, partition=key)
            if context.selected_asset_check_keys:
                yield dg.AssetCheckEvaluation(asset_key=taken_in, check_name="adds_up", passed=True, partition=key)
        if failing:
            raise dg.Failure(failing)
        for check in context.selected_asset_check_keys:
            yield dg.Output(None, f"{check.asset_key.path[-1]}_{check.name}")

    @dg.asset(key=model, deps=[taken_in])
    def between() -> None: ...

    jobs = [dg.define_asset_job("ingest", [taken_in, scored]), dg.define_asset_job("score", [scored])]
    return dg.Definitions(assets=[both, between], jobs=jobs)


def test_two_assets_of_one_step_may_have_an_asset_between_them_and_are_materialized_apart(
    history: dg.DagsterInstance,
) -> None:
    """branch/batches.py: scored_reviews depends on best_model, which depends on raw_reviews."""
    definitions = two_assets_in_a_circle()
    dg.Definitions.validate_loadable(definitions)
    result = definitions.resolve_job_def("score").execute_in_process(instance=history, partition_key="c2")
    assert [event.asset_key.path for event in result.get_asset_materialization_events() if event.asset_key] == [
        ["scored"]
    ]
    assert result.get_asset_check_evaluations() == []


def test_each_partition_of_a_run_over_a_range_can_be_told_by_itself_and_outlives_the_failure_of_another(
    history: dg.DagsterInstance,
) -> None:
    """branch/batches.py: a batch is told as soon as it is done; what is planned and not told has failed."""
    definitions, partitions = two_assets_in_a_circle("c2"), dg.StaticPartitionsDefinition(KEYS)
    result = definitions.resolve_job_def("ingest").execute_in_process(
        instance=history, tags=RANGE, raise_on_error=False
    )
    assert not result.success
    for asset in (dg.AssetKey("taken_in"), dg.AssetKey("scored")):
        assert history.get_materialized_partitions(asset) == {"c1", "c3"}
        status = history.get_status_by_partition(asset, KEYS, partitions) or {}
        assert {key: each.value for key, each in status.items() if each} == {
            "c1": "MATERIALIZED",
            "c2": "FAILED",
            "c3": "MATERIALIZED",
        }
    told = [
        entry.dagster_event.asset_check_evaluation_data.partition
        for entry in history.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        if entry.dagster_event
    ]
    assert told == ["c1", "c3"]


def test_nothing_is_told_twice_when_a_run_over_a_range_ends_well(history: dg.DagsterInstance) -> None:
    """branch/batches.py: its assets may be skipped, so that their outputs need not be yielded and add no event."""
    definitions = two_assets_in_a_circle()
    result = definitions.resolve_job_def("ingest").execute_in_process(instance=history, tags=RANGE)
    told = [(event.asset_key, event.partition) for event in result.get_asset_materialization_events()]
    assert len(told) == len(set(told)) == 2 * len(KEYS)


def test_a_check_without_partitions_of_a_partitioned_asset_can_be_told_outside_of_a_run(
    history: dg.DagsterInstance,
) -> None:
    """checks/open_warnings.py: what is told last is shown, and counts for what was materialized last."""

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(KEYS))
    def batches() -> None:
        """One of many."""

    @dg.asset_check(asset="batches")
    def all_of_them() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    definitions = dg.Definitions(assets=[batches], asset_checks=[all_of_them], jobs=[dg.define_asset_job("both", "*")])
    result = definitions.resolve_job_def("both").execute_in_process(instance=history, partition_key="c2")
    assert [each.partition for each in result.get_asset_check_evaluations()] == [None]

    check = dg.AssetCheckKey(dg.AssetKey("batches"), "all_of_them")
    said = dg.AssetCheckResult(asset_key="batches", check_name="all_of_them", passed=False)
    for evaluation in evaluations(history, [said]):
        history.report_runless_asset_event(evaluation)
    record = history.get_latest_asset_check_evaluation_record(check)
    assert record is not None
    assert record.status == AssetCheckExecutionRecordStatus.FAILED
    loading = LoadingContextForTest(history)
    assert asyncio.run(record.targets_latest_materialization(loading)), "or the overview would not show it"


def test_a_check_that_a_run_plans_and_does_not_evaluate_hides_its_last_evaluation(history: dg.DagsterInstance) -> None:
    """automation/jobs.py: why the score job does without the checks of raw_reviews."""
    say = [True]

    @dg.asset
    def reviews() -> None:
        """Something to check."""

    @dg.multi_asset_check(specs=[dg.AssetCheckSpec("now_and_then", asset="reviews")])
    def checks() -> Iterator[dg.AssetCheckResult | dg.Output[None]]:
        yield dg.AssetCheckResult(passed=False) if say[0] else dg.Output(None, "reviews_now_and_then")

    job = dg.Definitions([reviews], asset_checks=[checks], jobs=[dg.define_asset_job("all", "*")]).resolve_job_def(
        "all"
    )
    job.execute_in_process(instance=history)
    say[0] = False
    job.execute_in_process(instance=history)
    record = history.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(dg.AssetKey("reviews"), "now_and_then"))
    assert record is not None
    assert record.status == AssetCheckExecutionRecordStatus.PLANNED


def test_a_plain_pydantic_model_is_taken_as_the_schema_of_a_component() -> None:
    """branch.py: `SentimentBranch.model` gives Dagster the YAML schema."""
    from sentiment_assets.branch.component import SentimentBranch
    from sentiment_assets.branch.settings import BranchSettings

    assert SentimentBranch.get_model_cls() is BranchSettings


def test_a_file_io_manager_puts_a_partition_below_its_asset(tmp_path: Path) -> None:
    """resources/storage.py: `Storage.frame_path` names the file that `FrameIOManager` writes."""
    from sentiment_assets.resources.storage import Frames, Storage

    root, key = str(tmp_path), "2026/a b.csv"

    @dg.asset(key_prefix="acme", partitions_def=dg.StaticPartitionsDefinition([key]), io_manager_key="frames")
    def frames() -> object:
        import pandas as pd

        return pd.DataFrame({"a": [1]})

    dg.materialize([frames], resources={"frames": Frames(root=root)}, partition_key=key)
    assert Storage(root=root).frame_path("acme", "frames", key).exists()


def test_a_run_that_died_without_a_word_is_ended_after_a_day_and_launched_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dagster.yaml: `max_runtime_seconds`. resources/dagster_runs.py: `is_launched_again`."""
    with (
        dg.DagsterInstance.from_config(str(prepare_dagster_home())) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace,
    ):
        run = instance.add_run(DagsterRun(job_name="acme_train", run_id=str(uuid4())))
        for event in (dg.DagsterEventType.RUN_STARTING, dg.DagsterEventType.RUN_START):
            instance.report_dagster_event(dg.DagsterEvent(event.value, run.job_name), run.run_id)

        def look(hours: int) -> DagsterRun:
            monkeypatch.setattr(run_monitoring, "get_current_timestamp", lambda: time.time() + 3_600 * hours)
            list(run_monitoring.execute_run_monitoring_iteration(workspace, logging.getLogger()))
            found = instance.get_run_by_id(run.run_id)
            assert found
            return found

        assert look(hours=23).status == dg.DagsterRunStatus.STARTED
        ended = look(hours=25)
        assert ended.status == dg.DagsterRunStatus.FAILURE
        assert is_launched_again(instance, ended)


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")
def test_a_run_that_cannot_be_launched_again_is_told_to_be_lost(home: Path) -> None:
    """resources/dagster_runs.py: `runs_under_way` waits for it no longer, so a sensor asks for another."""
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("away"), "all"), "acme_ingest")
    with (
        dg.DagsterInstance.from_config(str(prepare_dagster_home())) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace,
    ):
        daemon = EventLogConsumerDaemon()
        list(daemon.run_iteration(workspace))
        run = instance.add_run(DagsterRun(job_name="acme_ingest", run_id=str(uuid4()), remote_job_origin=origin))
        instance.report_run_failed(run)
        assert runs_under_way(instance)
        list(daemon.run_iteration(workspace))
        assert not runs_under_way(instance)


def test_a_run_that_goes_on_leaves_out_mapped_steps_that_had_not_begun(history: dg.DagsterInstance) -> None:
    """So ``gather_candidates`` trains what is missing; should Dagster take them up itself, it need not any more."""

    @dg.op(out=dg.DynamicOut(int))
    def plan() -> Iterator[dg.DynamicOutput[int]]:
        yield dg.DynamicOutput(1, mapping_key="first")
        yield dg.DynamicOutput(2, mapping_key="second")

    @dg.op
    def train(planned: int) -> int:
        raise SystemExit  # as if the run's process were gone: no other step begins

    @dg.op
    def gather(trained: list[int]) -> None:
        pass

    @dg.job
    def search() -> None:
        gather(plan().map(train).collect())

    with pytest.raises(SystemExit):
        search.execute_in_process(instance=history)
    [run] = history.get_runs(limit=1)
    steps, _ = KnownExecutionState.build_resume_retry_reexecution(history, run)
    assert sorted(steps) == ["gather", "train[first]"]
