"""The YAML of a branch, loaded as Dagster loads it."""

import re
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import jsonschema
import pytest
import yaml
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

from sentiment_assets import SentimentBranch
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from testing.in_process import BranchInProcess
from testing.models import made_model, register


@pytest.fixture
def sandbox() -> Iterator[DefsFolderSandbox]:
    with create_defs_folder_sandbox() as opened:
        yield opened


def write_branch(sandbox: DefsFolderSandbox, attributes: str, folder: str = "acme") -> Path:
    contents = {"type": "sentiment_assets.SentimentBranch", "attributes": yaml.safe_load(attributes)}
    return sandbox.scaffold_component(SentimentBranch, defs_path=folder, defs_yaml_contents=contents)


def load(sandbox: DefsFolderSandbox) -> dg.Definitions:
    with sandbox.build_all_defs() as branches:
        return dg.Definitions.merge(branches, dg.Definitions(resources=resources()))


def said_by(error: BaseException) -> str:
    """All messages of a chain of errors: what the UI and `dg check defs` show."""
    messages, current = [], error
    while current:
        messages.append(str(current))
        current = current.__cause__ or current.__context__  # type: ignore[assignment]
    return "\n".join(messages)


def test_a_branch_needs_its_landing_place_only(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: landing/acme}")
    repository = load(sandbox).get_repository_def()
    assert {key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()} == {
        f"acme/{name}"
        for name in (
            "raw_reviews",
            "splits",
            "features",
            "trained_candidates",
            "best_model",
            "suspicious_labels",
            "scored_reviews",
            "sentiment_report",
        )
    }
    assert {"acme_ingest", "acme_train", "acme_score", "acme_report"} <= set(repository.job_names)
    assert {each.name for each in repository.sensor_defs} == {
        f"acme_{name}" for name in ("landing", "retraining", "scoring", "alerts")
    }
    assert {each.name for each in repository.schedule_defs} == {"acme_report_schedule", "acme_tidy_schedule"}


def test_everything_automatic_runs_from_the_start(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: landing/acme, schedules: {retraining: {cron: '0 3 * * 1'}}}")
    repository = load(sandbox).get_repository_def()
    assert {each.default_status for each in repository.sensor_defs} == {dg.DefaultSensorStatus.RUNNING}
    assert {each.default_status for each in repository.schedule_defs} == {dg.DefaultScheduleStatus.RUNNING}


def test_schedules_keep_their_time_zones_and_freshness_is_the_assets_policy(sandbox: DefsFolderSandbox) -> None:
    write_branch(
        sandbox,
        "{landing: landing/acme, freshness: {scored_reviews: 2, best_model: null}, "
        "schedules: {retraining: {cron: '0 3 * * 1', time_zone: Europe/Berlin}, report: null}}",
    )
    loaded = load(sandbox)
    schedule = loaded.get_repository_def().get_schedule_def("acme_retraining_schedule")
    assert (schedule.name, schedule.cron_schedule, schedule.execution_timezone) == (
        "acme_retraining_schedule",
        "0 3 * * 1",
        "Europe/Berlin",
    )
    policies = {spec.key.path[-1]: spec.freshness_policy for spec in loaded.resolve_all_asset_specs()}
    assert policies["scored_reviews"] == dg.FreshnessPolicy.time_window(fail_window=timedelta(days=2))
    assert policies["best_model"] is None


def test_every_asset_is_described_owned_and_versioned(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: landing/acme, owners: ['team:reviews']}")
    for spec in load(sandbox).resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners == ["team:reviews"]
        assert spec.kinds
        assert spec.code_version
        assert spec.group_name == "acme"


WRONG = {
    "nothing given": ("{}", "landing\n  Field required", ""),
    "unknown key": ("{landing: l, lnading: x}", "unknown: lnading; allowed: landing, owners, columns", "attributes"),
    "negative epochs": (
        "{landing: l, search: {grid: {epochs: [-1], eta0: [1], l2: [0]}}}",
        "Input should be greater than 0",
        "attributes.search.grid.epochs.0",
    ),
    "empty search": ("{landing: l, search: {candidates: []}}", "the search is empty", "attributes.search"),
    "same set twice": (
        "{landing: l, search: {grid: {epochs: [1, 1], eta0: [1], l2: [0]}}}",
        "listed more than once: epochs=1|eta0=1|l2=0",
        "attributes.search",
    ),
    "no such file system": (
        "{landing: 'nosuch://x'}",
        "'nosuch://x' is not a path or fsspec URL",
        "attributes.landing",
    ),
    "landing empty": ("{landing: ''}", "at least 1 character", "attributes.landing"),
    "landing a number": ("{landing: 5}", "should be a valid string", "attributes.landing"),
    "encoding": ("{landing: l, encoding: utf-99}", "'utf-99' is not an encoding", "attributes.encoding"),
    "promotion rule": (
        "{landing: l, promotion: {rule: always}}",
        "should be 'if_not_worse', 'if_better' or 'manual'",
        "attributes.promotion.rule",
    ),
    "metric": ("{landing: l, selection_metric: f2}", "should be 'hinge_loss', 'error_rate'", "selection_metric"),
    "shares": ("{landing: l, splits: {train: 90}}", "must make 100, they make 110", "attributes.splits"),
    "n-grams": (
        "{landing: l, features: {ngrams: {shortest: 3, longest: 2}}}",
        "shortest (3) must not exceed longest (2)",
        "attributes.features.ngrams",
    ),
    "cron": (
        "{landing: l, schedules: {report: {cron: daily}}}",
        "'daily' is no cron expression",
        "attributes.schedules.report.cron",
    ),
    "labels": ("{landing: l, labels: {positive_from: 4}}", "both positive_from and negative_to", "attributes.labels"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_refused_with_file_field_and_what_is_allowed(sandbox: DefsFolderSandbox, case: str) -> None:
    attributes, says, field = WRONG[case]
    write_branch(sandbox, attributes)
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    said = said_by(refused.value)
    assert says in said
    if field:
        assert re.search(rf"{re.escape(field)} at \S+/acme/defs.yaml:\d+", said)


def test_behavioural_cases_lie_beside_the_settings_and_reach_the_gate(sandbox: DefsFolderSandbox) -> None:
    def versions() -> dict[str, Any]:
        return {spec.key.path[-1]: spec.code_version for spec in load(sandbox).resolve_all_asset_specs()}

    folder = write_branch(sandbox, "{landing: l}")
    before = versions()
    (folder / "behaviour.yaml").write_text("minimum_functionality: {plain: {positive: [很好]}}", encoding="utf-8")
    after = versions()
    assert {name for name in before if before[name] != after[name]} == {"best_model"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("negation: []", "unknown: negation; allowed: minimum_functionality, invariance"),
        ("invariance: {names: [[only one]]}", "invariance.names.0"),
        ("minimum_functionality: [", "while parsing a flow"),
        ("- a list", "valid dictionary"),
    ],
)
def test_wrong_behavioural_cases_are_refused_with_file_and_field(
    sandbox: DefsFolderSandbox, content: str, says: str
) -> None:
    folder = write_branch(sandbox, "{landing: l}")
    (folder / "behaviour.yaml").write_text(content)
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    assert "acme/behaviour.yaml" in said_by(refused.value)
    assert says in said_by(refused.value)


def test_two_branches_of_one_name_are_refused(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: l}", "europe/acme")
    write_branch(sandbox, "{landing: l}", "asia/acme")
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    said = said_by(refused.value)
    assert "there are 2 branches named 'acme'" in said
    assert "asia/acme/defs.yaml" in said
    assert "europe/acme/defs.yaml" in said


def test_two_branches_in_one_file_are_refused(sandbox: DefsFolderSandbox) -> None:
    folder = write_branch(sandbox, "{landing: l}")
    file = folder / "defs.yaml"
    file.write_text(file.read_text() + "---\n" + file.read_text())
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    assert "there are 2 branches named 'acme'" in said_by(refused.value)


def test_a_folder_whose_name_cannot_name_a_branch_is_refused(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: l}", "Acme-DE")
    with pytest.raises(Exception, match="Acme-DE") as refused:
        load(sandbox)
    assert "may hold lower-case letters, digits and _ only" in said_by(refused.value)


def test_a_branch_cannot_have_the_name_of_the_joined_report(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: l}", "sentiment_report")
    with pytest.raises(Exception, match="sentiment_report") as refused:
        load(sandbox)
    assert "is the name of the report that joins all branches; rename the folder" in said_by(refused.value)


def test_the_landing_place_may_come_from_the_environment(
    sandbox: DefsFolderSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_LANDING", "/mnt/acme")
    write_branch(sandbox, "{landing: '{{ env.ACME_LANDING }}'}")
    [spec] = [each for each in load(sandbox).resolve_all_asset_specs() if each.key.path[-1] == "raw_reviews"]
    assert spec.metadata["landing"] == "/mnt/acme"


@pytest.mark.parametrize("landing", ["nosuch://me:planted@host/x?sig=planted", "ftp://me:planted@host:21x/"])
@pytest.mark.parametrize("written", ["{{ env.ACME_LANDING }}", "as it is"])
def test_a_landing_place_is_refused_without_its_password(
    sandbox: DefsFolderSandbox, monkeypatch: pytest.MonkeyPatch, landing: str, written: str
) -> None:
    monkeypatch.setenv("ACME_LANDING", landing)
    write_branch(sandbox, f"{{landing: '{landing if written == 'as it is' else written}'}}")
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    assert "is not a path or fsspec URL" in said_by(refused.value)
    assert "planted" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("shop, sql: {connection: 'postgresql://u:planted@h/d', table: t, cursor: id}", "shop: sql: connection"),
        ("shop, rest: {base_url: 'https://u:planted@h/', path: p}", "shop: rest: base_url"),
        ("shop, rest: {base_url: 'https://h/?key=planted', path: p}", "shop: rest: base_url"),
        ("shop, rest: {base_url: 'https://h/', path: p, auth: 'a planted one'}", "shop: rest: auth"),
        ("shop, files: {url: 's3://key:planted@vendor/export'}", "shop: files: url"),
    ],
)
def test_a_source_with_a_secret_in_it_is_refused_without_the_secret(
    sandbox: DefsFolderSandbox, given: str, field: str
) -> None:
    write_branch(sandbox, f"{{landing: l, sources: [{{name: {given}}}]}}")
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    assert f"`sources: {field}` holds a secret" in said_by(refused.value)
    assert "planted" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("given", ["postgresql://u:planted@h/d", "{env: 'postgresql://u:planted@h/d'}"])
def test_a_warehouse_with_a_secret_in_it_is_refused_without_the_secret(sandbox: DefsFolderSandbox, given: str) -> None:
    write_branch(sandbox, f"{{landing: l, publish: [{{to: postgres, connection: {given}}}]}}")
    with pytest.raises(Exception, match="acme") as refused:
        load(sandbox)
    assert "`publish: connection` holds a secret" in said_by(refused.value)
    assert "planted" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "written",
    [
        {"start_from": "movies"},
        {"start_from": ["movies", "books"]},
        {"sources": [{"name": "s", "sql": {"connection": {"env": "S"}, "table": "t", "cursor": "c", "key": "id"}}]},
        {"sources": [{"name": "s", "rest": {"base_url": "https://h/", "path": "p", "key": ["id", "day"]}}]},
    ],
)
def test_one_may_stand_for_a_list_of_one_in_the_schema_too(written: dict[str, Any]) -> None:
    """By which ``dg check`` looks at the YAML before anything else does."""
    jsonschema.validate({"landing": "l"} | written, SentimentBranch.model().model_json_schema())
    assert BranchSettings.model_validate({"landing": "l"} | written)


def test_no_tool_that_knows_the_schema_alone_quotes_a_secret_that_stands_in_the_yaml() -> None:
    """As ``dg check`` does with what does not fit."""
    secret = "postgresql://u:planted@h/d"  # noqa: S105
    shop = {"name": "shop", "sql": {"connection": secret, "table": "t", "cursor": "id"}}
    store = {"name": "store", "rest": {"base_url": "https://h/", "path": "p", "auth": secret}}
    written = {"landing": "l", "sources": [shop, store], "publish": [{"to": "postgres", "connection": secret}]}
    jsonschema.validate(written, SentimentBranch.model().model_json_schema())


def test_a_change_of_settings_changes_the_code_version_of_the_assets_it_reaches(sandbox: DefsFolderSandbox) -> None:
    def versions(attributes: str) -> dict[str, Any]:
        write_branch(sandbox, attributes)
        return {spec.key.path[-1]: spec.code_version for spec in load(sandbox).resolve_all_asset_specs()}

    before = versions("{landing: l}")
    after = versions("{landing: l, features: {min_reviews: 4}}")
    assert {name for name in before if before[name] != after[name]} == {"features"}
    assert versions("{landing: elsewhere}") == before


def test_a_scaffolded_branch_loads_as_it_is(sandbox: DefsFolderSandbox) -> None:
    folder = sandbox.scaffold_component(SentimentBranch, defs_path="acme")
    assert yaml.safe_load((folder / "defs.yaml").read_text())["attributes"] == {"landing": "landing/acme"}
    load(sandbox).get_repository_def()


def test_a_sister_must_be_another_branch(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: landing/movies}", "movies")
    write_branch(sandbox, "{landing: landing/acme, start_from: movies}")
    graph = load(sandbox).get_repository_def().asset_graph
    assert dg.AssetKey(["movies", "best_model"]) in graph.get(dg.AssetKey(["acme", "features"])).parent_keys


@pytest.mark.parametrize(
    ("start_from", "says"),
    [
        (
            "movis",
            "acme/defs.yaml: `start_from` names movis, and there is no such branch; the other branches are: movies",
        ),
        ("[movies, acme]", "`start_from` names acme: a branch cannot start from itself"),
        ("acme@2", "`start_from` names acme: a branch cannot start from itself"),
        ("[movies, movies]", "listed more than once: movies"),
        ("movies@champion", "String should match pattern"),
    ],
)
def test_a_sister_that_cannot_be_one_is_refused(sandbox: DefsFolderSandbox, start_from: str, says: str) -> None:
    write_branch(sandbox, "{landing: landing/movies}", "movies")
    write_branch(sandbox, f"{{landing: landing/acme, start_from: {start_from}}}")
    with pytest.raises(Exception) as caught:  # noqa: PT011  whatever Dagster wraps it in
        load(sandbox)
    assert says in said_by(caught.value)


def test_a_version_that_another_branch_starts_from_is_not_tidied_away(
    sandbox: DefsFolderSandbox, acme: BranchInProcess
) -> None:
    for word in ("superb", "lovely", "solid"):
        register(acme.tracking, "acme", made_model(word))
    write_branch(sandbox, "{landing: landing/acme, retention: {versions: 1}}")
    write_branch(sandbox, "{landing: landing/books, start_from: [acme@1]}", folder="books")
    assert load(sandbox).resolve_job_def("acme_tidy").execute_in_process(instance=acme.instance).success
    assert [each.version for each in acme.tracking.versions("acme")] == ["1", "3"]


def test_branches_that_start_from_one_another_are_named(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: landing/movies, start_from: acme}", "movies")
    write_branch(sandbox, "{landing: landing/acme, start_from: [movies]}")
    with pytest.raises(Exception) as caught:  # noqa: PT011  whatever Dagster wraps it in
        load(sandbox)
    assert "starts from movies starts from acme: a branch cannot start from itself" in said_by(caught.value) or (
        "starts from acme starts from movies: a branch cannot start from itself" in said_by(caught.value)
    )


def test_a_version_of_a_branch_that_is_gone_may_be_a_sister(sandbox: DefsFolderSandbox) -> None:
    write_branch(sandbox, "{landing: landing/acme, start_from: movies@3}")
    assert load(sandbox).get_repository_def()
