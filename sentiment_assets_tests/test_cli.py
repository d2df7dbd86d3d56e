import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from click.testing import CliRunner

from sentiment_assets.cli import SECTIONS, main, prepare_dagster_home
from sentiment_assets.resources import mlflow_settings
from sentiment_assets.resources.mlflow_settings import default_tracking_uri
from testing import servers
from testing.in_process import BranchInProcess
from testing.models import made_model, register


def test_every_command_has_help() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_the_help_is_a_screenful_that_names_every_command_once_and_whole() -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(main.commands)
    shown = CliRunner().invoke(main, ["--help"], terminal_width=80).output
    assert len(shown.splitlines()) <= 40
    assert "..." not in shown.split("To begin")[1]


@pytest.mark.process
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    assert "_SENTIMENT_ASSETS_COMPLETE" in CliRunner().invoke(main, ["completion", shell]).output


def test_branches_are_completed() -> None:
    asked = {"COMP_WORDS": "sentiment-assets status mo", "COMP_CWORD": "2"}
    variables = asked | {"_SENTIMENT_ASSETS_COMPLETE": "bash_complete"}
    told = CliRunner().invoke(main, [], prog_name="sentiment-assets", env=variables)
    assert told.output == "plain,movies\n"


def test_dagsters_home_is_a_copy_of_the_projects_settings(home: Path) -> None:
    folder = prepare_dagster_home()
    assert folder == home / "dagster"
    assert f"base_dir: {home}/dagster/storage" in (folder / "dagster.yaml").read_text()


@pytest.mark.parametrize("name", ["my #home", "a: b", "'quoted'", "{x}", "日本 語", "- x"])
def test_a_home_of_any_name_is_where_dagster_keeps_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / name))
    folder = prepare_dagster_home()
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.add_dynamic_partitions("acme/batches", ["a.csv"])
    kept = {path.relative_to(tmp_path / name).parts[:2] for path in (tmp_path / name).rglob("*.db")}
    assert kept == {("dagster", "storage")}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_home_that_mlflow_cannot_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "why?"))
    with pytest.raises(ValueError, match=r"SENTIMENT_HOME is .*why\?: the address of MLflow's database cannot hold"):
        default_tracking_uri()


def test_a_deployments_own_dagster_home_is_used_as_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/opt/dagster")
    assert prepare_dagster_home() == Path("/opt/dagster")


def test_a_remote_home_is_refused_with_the_settings_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", "memory://somewhere")
    refused = CliRunner().invoke(main, ["demo"])
    assert refused.exit_code == 1
    assert "point MLFLOW_TRACKING_URI at an MLflow server" in refused.output


def test_scoring_without_a_champion_says_what_to_do(acme: BranchInProcess, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("text\nfine\n")
    refused = CliRunner().invoke(main, ["score", str(tmp_path / "r.csv"), "--branch", "nosuch"])
    assert refused.exit_code == 1
    assert "branch 'nosuch' has no champion" in refused.output
    assert "run the job nosuch_train" in refused.output


def test_a_taken_port_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = CliRunner().invoke(main, ["dev", "--dagster-port", str(port)])
    assert refused.exit_code == 1
    assert f"port {port} is taken; choose another with --dagster-port" in refused.output


@pytest.mark.parametrize(
    "command",
    [["score", "{file}"], ["rollback", "acme", "1"], ["replay", "acme"], ["demo"], ["explain", "fine"]],
)
@pytest.mark.usefixtures("home")
def test_a_command_says_within_seconds_that_mlflow_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (tmp_path / "r.csv").write_text("text\nfine\n")
    monkeypatch.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.2)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with servers.silent() as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        refused = CliRunner().invoke(main, [each.format(file=tmp_path / "r.csv") for each in command])
    assert refused.exit_code == 1
    assert f"MLflow at {address} cannot be reached: timed out. Start it, or set MLFLOW_TRACKING_URI" in refused.output


def test_rollback_moves_the_alias_and_names_the_versions_there_are(acme: BranchInProcess) -> None:
    tracking = acme.tracking
    for model in (made_model(), made_model(good="crisp")):
        tracking.promote("acme", register(tracking, "acme", model))
    done = CliRunner().invoke(main, ["rollback", "acme", "1"])
    assert done.output == (
        "acme: version 1 is the champion, it was 2. A train run may promote another one: to keep this one, turn the "
        "sensor acme_retraining and the schedule acme_retraining_schedule off in Dagster\n"
    )
    assert tracking.champion("acme").version == "1"
    refused = CliRunner().invoke(main, ["rollback", "acme", "7"])
    assert refused.exit_code == 1
    assert "branch 'acme' has no version '7' in the registry; it has: 1, 2" in refused.output
    mistyped = CliRunner().invoke(main, ["rollback", "acm", "1"])
    assert mistyped.exit_code == 1
    assert "there is no registered model 'acm'; there are: acme" in mistyped.output


@pytest.mark.slow
def test_the_demo_ends_with_two_champions_and_changes_nothing_when_run_again(home: Path, tmp_path: Path) -> None:
    def demo() -> str:
        command = [sys.executable, "-m", "sentiment_assets.cli", "demo"]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout

    def files() -> dict[str, int]:
        kept = [file for folder in ("data", "landing", "mlartifacts") for file in (home / folder).rglob("*")]
        return {str(file): file.stat().st_mtime_ns for file in kept if file.is_file()}

    first = demo()
    assert "movies" in first
    assert "shopping" in first
    assert first.count("version 1") == 2
    warned = [line for line in first.splitlines() if line.startswith("⚠")]
    assert "⚠ movies, 2026-11-short-notices.tsv, text_drift:" in first
    assert {line.split(",")[1] for line in warned} == {" 2026-11-short-notices.tsv"}, "all other batches are green"
    before, started = files(), time.monotonic()
    assert demo().split("Outcome")[1] == first.split("Outcome")[1]
    assert files() == before
    assert time.monotonic() - started < 60, "the second time it has nothing to do"

    (tmp_path / "mine.csv").write_text("opinion\nA wonderful film!\nThe worst I have seen.\n\n")
    arguments = ["score", str(tmp_path / "mine.csv"), "--text-column", "opinion", "--output", str(tmp_path / "s.csv")]
    scored = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert scored.exit_code == 0
    assert pd.read_csv(tmp_path / "s.csv")["label"].tolist() == [1, 0]


@pytest.mark.slow
def test_dev_opens_both_uis_and_a_backfill_of_all_candidates_is_one_run(home: Path, tmp_path: Path) -> None:
    dagster_port, mlflow_port = servers.free_port(), servers.free_port()
    command = [sys.executable, "-m", "sentiment_assets.cli", "dev"]
    command += ["--dagster-port", str(dagster_port), "--mlflow-port", str(mlflow_port)]
    reports_port = servers.free_port()
    command += ["--reports-port", str(reports_port)]
    ui = f"http://127.0.0.1:{dagster_port}"
    log = tmp_path / "dev.log"
    with servers.running(command, f"{ui}/server_info", log, os.environ):
        printed = log.read_text()
        assert ui in printed
        assert f"http://127.0.0.1:{mlflow_port}" in printed
        assert len(printed.splitlines()) <= 7, "what the servers say is in a file of its own"
        with urllib.request.urlopen(f"http://127.0.0.1:{reports_port}/reports/") as reports:
            assert reports.status == 200

        def graphql(query: str, **variables: object) -> dict[str, object]:
            answer = servers.post(f"{ui}/graphql", {"query": query, "variables": variables})
            assert "errors" not in answer, answer
            return answer["data"]

        key = {"path": ["movies", "trained_candidates"]}
        node = graphql("query($k:AssetKeyInput!){assetNodeOrError(assetKey:$k){...on AssetNode{partitionKeys}}}", k=key)
        keys = node["assetNodeOrError"]["partitionKeys"]
        assert len(keys) == 6
        graphql(
            "mutation($p:LaunchBackfillParams!){launchPartitionBackfill(backfillParams:$p)"
            "{...on LaunchBackfillSuccess{backfillId} ...on PythonError{message}}}",
            p={"assetSelection": [key], "partitionNames": keys, "tags": []},
        )
        deadline, runs = time.monotonic() + 120, []
        while not runs and time.monotonic() < deadline:
            time.sleep(1)
            runs = graphql("{runsOrError{...on Runs{results{tags{key value}}}}}")["runsOrError"]["results"]
        time.sleep(5)
        runs = graphql("{runsOrError{...on Runs{results{tags{key value}}}}}")["runsOrError"]["results"]
    [tags] = [{tag["key"]: tag["value"] for tag in run["tags"]} for run in runs]
    assert tags["dagster/asset_partition_range_start"] == keys[0]
    assert tags["dagster/asset_partition_range_end"] == keys[-1]
