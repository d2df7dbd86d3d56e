"""The platform in containers, in a real engine: ``make test-docker``. The tests follow one platform, in their order."""

import base64
import json
import os
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment_assets_tests.deployment.compose import PROJECT, Stack, docker, most_at_once, steps_of
from testing.corpus import as_csv, made_up_reviews
from testing.platform import wait_for
from testing.servers import post

pytestmark = pytest.mark.docker

BASE, WITH_ACME = "sentiment-assets:test", "sentiment-assets:test-acme"
ACME = """\
type: sentiment_assets.SentimentBranch

attributes:
  landing: landing/acme
  features: {ngrams: {longest: 2, columns_log2: 16}}
  search: {grid: {epochs: [10, 20, 30], eta0: [0.5, 1], l2: [1.0e-5]}}
  retraining: {cool_down_hours: 100}
  sources:
    - name: shop
      sql: {connection: {env: SHOP_DB}, table: reviews, cursor: id}
  publish:
    - {to: postgres, connection: {env: WAREHOUSE}}
"""
SERVICES = ("postgres", "mlflow", "code", "webserver", "scoring", "reports", "daemon")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    version = ["--build-arg", "SENTIMENT_ASSETS_VERSION=test", "--build-arg", "REVISION=0123456"]
    docker("build", "--quiet", "--tag", BASE, *version, str(PROJECT))
    folder = tmp_path_factory.mktemp("stack")
    (folder / "defs.yaml").write_text(ACME)
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY defs.yaml /app/sentiment_assets/defs/acme/defs.yaml\n")
    docker("build", "--quiet", "--tag", WITH_ACME, str(folder))
    running = Stack("sentiment-assets-test", folder, BASE)
    running.down("--volumes")
    running.up()
    for database in ("shop", "warehouse"):
        running.sql("postgres", f"CREATE DATABASE {database}")
    yield running
    running.down("--volumes")


def land(stack: Stack, name: str, reviews: int, seed: int) -> None:
    stack.land(f"acme/{name}", as_csv(made_up_reviews(reviews, seed)))


def test_compose_has_nothing_to_say_against_its_file(stack: Stack) -> None:
    command = ["docker", "compose", "config", "--quiet"]
    said = subprocess.run(command, cwd=PROJECT, env=stack.environment(), capture_output=True, text=True, check=True)
    assert said.stdout + said.stderr == ""


def test_no_service_is_root_and_none_can_write_beside_its_volumes(stack: Stack) -> None:
    for service in set(SERVICES) - {"postgres"}:
        assert stack.compose("exec", "-T", service, "id", "--user") == "10001"
        told = stack.compose("exec", "-T", service, "sh", "-c", "touch /app/x /venv/x /x 2>&1 || true")
        assert told.count("Read-only file system") == 3
        sockets = stack.compose("exec", "-T", service, "sh", "-c", "ls /var/run/docker.sock 2>/dev/null || true")
        assert bool(sockets) == (service == "daemon"), "the daemon alone has Docker's socket"


def test_the_image_says_what_it_is_and_holds_no_tools_of_its_making(stack: Stack) -> None:
    label = '{{index .Config.Labels "org.opencontainers.image.version"}}'
    assert docker("image", "inspect", "--format", label, BASE) == "test"
    found = docker("run", "--rm", BASE, "sh", "-c", "ls /venv/bin/pip ~/.cache; command -v gcc cc make; true")
    assert not found
    size = int(docker("image", "inspect", "--format", "{{.Size}}", BASE)) / 1e9
    print(f"image: {size:.2f} GB")


def test_a_new_release_of_the_code_location_leaves_the_ui_up(stack: Stack) -> None:
    started = stack.compose("ps", "--format", "{{.Service}} {{.ID}}")
    stack.run("release.sh", WITH_ACME)
    stack.image = WITH_ACME
    query = "{ workspaceOrError { ... on Workspace { locationEntries { name displayMetadata { key value } } } } }"
    wait_for(lambda: WITH_ACME in str(stack.ask(query)), 60, "the image of the new release in the UI")
    wait_for(lambda: "acme" in str(stack.ask("{ assetNodes { assetKey { path } } }")), 60, "the new branch in the UI")
    same = set(started.splitlines()) & set(stack.compose("ps", "--format", "{{.Service}} {{.ID}}").splitlines())
    assert {line.split()[0] for line in same} == set(SERVICES) - {"code", "scoring", "reports"}


def test_a_landed_file_is_ingested_in_a_container_of_its_own(stack: Stack) -> None:
    land(stack, "2026-10.csv", 2_000, seed=1)
    run = stack.wait_for_run("acme_ingest", "SUCCESS", 180)
    container = run["tags"]["docker/container_id"]
    limits = "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}} {{.HostConfig.Binds}}"
    user, read_only, memory, *binds = docker("inspect", "--format", limits, container).split()
    assert (user, read_only, memory) == ("10001", "true", str(4 * 2**30))
    assert "docker.sock" not in str(binds)
    assert stack.partitions("acme", "raw_reviews") == ["2026-10.csv"]


def test_each_candidate_is_trained_in_a_container_of_its_own_and_several_at_once(stack: Stack) -> None:
    run = stack.wait_for_run("acme_train", "SUCCESS", 420)
    steps = steps_of(stack, run["runId"], "train_candidate").values()
    assert len({step.container for step in steps}) == len(steps) == 6
    at_once = most_at_once([(step.started, step.ended) for step in steps])
    print(f"at most {at_once} at once")
    assert 2 <= at_once <= 4, "the pool's limit is 4"
    for step in steps:
        binds = docker("inspect", "--format", "{{.HostConfig.Binds}}", step.container)
        assert "docker.sock" not in binds, "the run's container has it, those of its steps have not"


def test_the_champion_is_in_mlflow_and_every_review_has_a_score(stack: Stack) -> None:
    assert stack.champion("acme") == "1"
    wait_for(lambda: stack.partitions("acme", "scored_reviews"), 180, "scores")
    scores = json.loads(stack.scores("acme", "2026-10.csv"))
    assert len(scores) == 2_000
    assert {row["model_version"] for row in scores} <= {1, "1"}


def test_the_scoring_service_answers_who_knows_the_token(stack: Stack) -> None:
    def answer() -> bool:
        try:
            return stack.score("acme", ["superb", "dull"])["model_version"] == "1"
        except urllib.error.HTTPError:  # until the champion is loaded
            return False

    wait_for(answer, 30, "an answer of the champion")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        post(f"{stack.scoring}/v1/acme/score", {"texts": ["superb"]})


def test_reviews_are_pulled_from_a_database_and_published_to_another(stack: Stack) -> None:
    stack.sql("shop", "CREATE TABLE reviews (id int, text text, label int, created_at timestamptz DEFAULT now())")
    stack.sql(
        "shop", "INSERT INTO reviews SELECT n, 'superb and lovely, number ' || n, 1 FROM generate_series(1, 60) n"
    )
    stack.launch("acme_pull")
    stack.wait_for_run("acme_pull", "SUCCESS", 240)
    counted = "SELECT count(*) FROM sentiment.scores WHERE batch LIKE 'shop-%' AND label = 'positive'"

    def published() -> bool:
        try:
            return stack.sql("warehouse", counted) == "60"
        except subprocess.CalledProcessError:  # before the first batch is there
            return False

    wait_for(published, 420, "the scores of what was pulled in the warehouse")


def test_a_run_whose_container_is_killed_is_marked_failed_and_run_again(stack: Stack) -> None:
    land(stack, "2026-11.csv", 20_000, seed=2)
    run = stack.wait_for_run("acme_ingest", "STARTED", 180)
    docker("kill", "--signal", "KILL", run["tags"]["docker/container_id"])
    killed = time.monotonic()
    stack.wait_for_run("acme_ingest", "FAILURE", 60, lambda each: each["runId"] == run["runId"])
    print(f"marked failed after {time.monotonic() - killed:.0f} s")
    stack.wait_for_run(
        "acme_ingest", "SUCCESS", 300, lambda each: each["tags"].get("dagster/root_run_id") == run["runId"]
    )
    assert {"2026-10.csv", "2026-11.csv"} <= set(stack.partitions("acme", "scored_reviews"))


def launch_training(stack: Stack) -> str:
    """Ask for a train run over all candidates, as the launchpad does; its id."""
    first, *_, last = stack.candidate_keys("acme")
    launch = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
        ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
    selector = {
        "repositoryLocationName": "sentiment_assets",
        "repositoryName": "__repository__",
        "jobName": "acme_train",
    }
    tags = [
        {"key": "dagster/asset_partition_range_start", "value": first},
        {"key": "dagster/asset_partition_range_end", "value": last},
    ]
    launched = stack.ask(launch, params={"selector": selector, "executionMetadata": {"tags": tags}})["launchRun"]
    return str(launched["run"]["runId"])


def is_running(container: str) -> bool:
    return docker("inspect", "--format", "{{.State.Running}}", container) == "true"


def test_a_candidate_whose_container_is_killed_leaves_the_others_green(stack: Stack) -> None:
    run = launch_training(stack)

    def begun() -> list[str]:
        steps = steps_of(stack, run, "train_candidate").values()
        return [step.container for step in steps if step.container and is_running(step.container)]

    containers = wait_for(begun, 180, "the container of a candidate")
    docker("kill", "--signal", "KILL", containers[0])
    stack.wait_for_run("acme_train", "FAILURE", 240, lambda each: each["runId"] == run)
    steps = steps_of(stack, run, "train_candidate").values()
    assert sorted(step.succeeded for step in steps) == [False, True, True, True, True, True]


def test_a_run_is_ended_from_the_ui_which_has_no_socket(stack: Stack) -> None:
    launched = launch_training(stack)
    run = stack.wait_for_run("acme_train", "STARTED", 120, lambda each: each["runId"] == launched)
    end = """mutation($run: String!) { terminateRun(runId: $run) { __typename ... on PythonError { message } } }"""
    assert stack.ask(end, run=launched)["terminateRun"]["__typename"] == "TerminateRunSuccess"
    stack.wait_for_run("acme_train", "CANCELED", 90, lambda each: each["runId"] == launched)
    container = run["tags"]["docker/container_id"]
    wait_for(lambda: not is_running(container), 30, "the end of the run's container")


def test_the_commands_of_the_operations_page_work_there_too(stack: Stack) -> None:
    def command(*arguments: str) -> str:
        return stack.compose("exec", "-T", "code", "sentiment-assets", *arguments)

    assert command("rollback", "acme", "1") == "acme: version 1 is the champion already"
    assert command("replay", "acme", "2026-10.csv").startswith("2026-10.csv: 0 rows left quarantine, 0 still in it")
    assert len(command("score", "/state/landing/acme/2026-10.csv", "--branch", "acme").splitlines()) == 1 + 2_000


def test_the_report_is_served_by_the_service_of_reports(stack: Stack) -> None:
    stack.compose("exec", "-T", "code", "sentiment-assets", "report", "acme", "--write")
    with urllib.request.urlopen(f"{stack.reports}/reports/acme/latest/", timeout=30) as answer:  # noqa: S310
        assert "acme" in answer.read().decode()


def test_a_version_can_be_made_again(stack: Stack) -> None:
    made_again = stack.compose("exec", "-T", "code", "sentiment-assets", "rebuild", "acme", "1")
    assert "the same model, to the last bit" in made_again


def test_a_service_that_is_killed_comes_back_by_itself_and_nothing_is_lost(stack: Stack) -> None:
    before = history(stack)
    land(stack, "killed.csv", 300, seed=5)
    for service in SERVICES:
        container = stack.compose("ps", "--quiet", service)
        os.kill(int(docker("inspect", "--format", "{{.State.Pid}}", container)), signal.SIGKILL)
        wait_for(lambda it=container: _restarts(it) >= 1, 60, f"the restart of {service}")
    stack.up()
    wait_for(lambda: "killed.csv" in stack.partitions("acme", "scored_reviews"), 300, "the file that landed meanwhile")
    assert before.items() <= history(stack).items()
    assert len(json.loads(stack.scores("acme", "killed.csv"))) == 300
    assert stack.champion("acme") == "1"


def _restarts(container: str) -> int:
    return int(docker("inspect", "--format", "{{.RestartCount}}", container))


def test_behind_the_login_are_the_pages_for_those_who_know_the_password(stack: Stack) -> None:
    password = "four words are long"  # noqa: S105
    with stack.with_login("ana", password) as ports:
        trusting = ssl.create_default_context(cafile=str(stack.folder / "login" / "tls.crt"))
        known = {"Authorization": "Basic " + base64.b64encode(f"ana:{password}".encode()).decode()}
        for port, path in zip(ports, ("/server_info", "/health", "/reports/acme/latest/"), strict=True):
            address = f"https://localhost:{port}{path}"
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(address, timeout=30, context=trusting)
            asked = urllib.request.Request(address, headers=known)
            with urllib.request.urlopen(asked, timeout=30, context=trusting) as answer:  # noqa: S310
                assert answer.status == 200


def test_restarting_every_service_in_turn_loses_nothing(stack: Stack) -> None:
    before = history(stack)
    land(stack, "2026-12.csv", 100, seed=3)
    for service in SERVICES:
        stack.compose("restart", service)
        stack.up()
    wait_for(lambda: "2026-12.csv" in stack.partitions("acme", "scored_reviews"), 240, "the file that landed meanwhile")
    assert before.items() <= history(stack).items()


def test_all_history_is_there_after_down_and_up(stack: Stack) -> None:
    before = history(stack)
    stack.down()
    stack.up()
    assert before.items() <= history(stack).items()
    assert stack.champion("acme") == "1"


def test_a_backup_brings_back_champion_history_and_scores(stack: Stack, tmp_path: Path) -> None:
    before, scores = history(stack), stack.scores("acme", "2026-10.csv")
    stack.run("backup.sh", str(tmp_path / "backup"))
    fresh = Stack("sentiment-assets-test-restored", tmp_path, stack.image)
    fresh.down("--volumes")
    try:
        fresh.run("restore.sh", str(tmp_path / "backup"))
        assert before.items() <= history(fresh).items()
        assert fresh.champion("acme") == "1"
        assert fresh.scores("acme", "2026-10.csv") == scores
    finally:
        fresh.down("--volumes")


def history(stack: Stack) -> dict[str, str]:
    """By run, how it ended; and by batch, whether it is scored."""
    jobs = ("acme_ingest", "acme_train", "acme_score")
    runs = {run["runId"]: run["status"] for job in jobs for run in stack.runs(job)}
    ended = {run: status for run, status in runs.items() if status in ("SUCCESS", "FAILURE", "CANCELED")}
    return ended | dict.fromkeys(stack.partitions("acme", "scored_reviews"), "scored")
