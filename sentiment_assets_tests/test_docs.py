"""Commands, settings and asset names that the documentation mentions exist."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from sentiment_assets import cli
from sentiment_assets.automation.jobs import job_names
from sentiment_assets.automation.retraining_policy import RetrainingPolicy
from sentiment_assets.automation.settings import Cron, Freshness, Retention, ScheduledSource, Schedules
from sentiment_assets.branch import files
from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.commands.demo.walkthrough import NEXT_STEPS
from sentiment_assets.definitions import defs, joined_report
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.hyperparameters import DEFAULT_GRID, SearchSpace
from sentiment_assets.learning.settings import FeatureSettings
from sentiment_assets.monitoring.settings import MonitoringSettings, PagingRule, QualityLimits
from sentiment_assets.resources.alert_targets import AlertTarget
from sentiment_assets.sources.pull import pull
from sentiment_assets.sources.settings import FilesSource, RestAuth, RestSource, SourceSettings, SqlSource
from testing import generated_docs
from testing.corpus import made_up_reviews
from testing.in_process import BranchInProcess, failure_of
from testing.shop import landed_ids, source_of

ROOT = Path(__file__).parents[1]
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text()
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
}
EVERYTHING = "\n".join(PAGES.values())
ROOTS = (ROOT, ROOT / "sentiment_assets")
"""Where a path that a page names may begin."""
DECISIONS = sorted(page for page in PAGES if page.startswith("docs/decisions/"))


def yaml_blocks(page: str) -> list[dict[str, object]]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGES[page], re.DOTALL)]


def test_every_make_target_that_is_mentioned_exists_and_the_other_way_round() -> None:
    makefile = (ROOT / "Makefile").read_text()
    documented = set(re.findall(r"^([\w-]+):.*##", makefile, re.MULTILINE))
    mentioned = set(re.findall(r"(?:^|[`\s])make ([\w-]+)", EVERYTHING))
    assert mentioned <= documented
    assert {"demo", "test", "dev", "image", "test-docker"} <= mentioned


def test_every_command_that_is_mentioned_exists_and_the_other_way_round() -> None:
    mentioned = set(re.findall(r"sentiment-assets ([a-z][\w-]*)", EVERYTHING))
    assert mentioned <= set(cli.main.commands)
    assert "score" in mentioned


def test_what_the_demo_suggests_next_stands_in_the_readme() -> None:
    assert [command for command in NEXT_STEPS if command not in PAGES["README.md"]] == []


def test_every_asset_that_is_mentioned_exists() -> None:
    names = {key.path[-1] for key in defs().resolve_all_asset_keys() if "pulled" not in key.path}
    mentioned = set(re.findall(r"`(?:movies|shopping|acme|<branch>)/(\w+)`", EVERYTHING))
    assert mentioned == names


def test_everything_that_fires_stands_on_the_operations_page_and_the_other_way_round() -> None:
    page = PAGES["docs/operations.md"].split("## Pause it")[0]
    mentioned = set(re.findall(r"(?:sensor|schedule) `(\S+)`", page))
    midnight = {"cron": "0 0 * * *"}
    settings = BranchSettings.model_validate(
        {
            "landing": "l",
            "publish": [{"to": "duckdb"}],
            "schedules": {"retraining": midnight, "report": midnight},
            "sources": [{"name": "source", "python": "s.py:r", "schedule": midnight}],
        }
    )
    branch = branch_definitions("branch", settings)
    fires = {
        each.name.replace("branch_", "<branch>_").replace("_source_", "_<source>_")
        for each in [*(branch.sensors or ()), *(branch.schedules or ())]
    }
    assert mentioned == fires | {str(each.name) for each in joined_report(branch, [], Retention()).sensors or ()}


def test_every_job_that_is_mentioned_exists_and_the_other_way_round() -> None:
    sensors = "landing|retraining|scoring|publishing|alerts|report_|tidy_"
    mentioned = set(re.findall(rf"`(?:movies|acme|<branch>)_((?!{sensors})\w+)`", EVERYTHING))
    assert mentioned | {"report"} == {name.removeprefix("movies_") for name in job_names("movies")}


@pytest.mark.parametrize("part", generated_docs.PARTS)
def test_what_is_written_from_the_code_is_what_the_code_says_today(part: str) -> None:
    page, _ = generated_docs.PARTS[part]
    assert generated_docs.with_part(PAGES[page], part) == PAGES[page], "run: make docs"


@pytest.mark.process
def test_the_pages_make_a_site_whose_links_lead_somewhere(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    command = [Path(sys.executable).with_name("zensical"), "build", "--strict"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "site" / "first-steps.html").is_file()


def test_a_page_without_marks_is_not_written() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        generated_docs.with_part("no marks", "rooms")


def test_the_monitoring_page_names_every_check_by_its_asset() -> None:
    page = PAGES["docs/monitoring.md"].split("## What a drift warning")[0]
    quality, raw, scored = re.findall(r"^\| (?:quality )?check .*?(?=^$|^<!--)", page, re.MULTILINE | re.DOTALL)
    for asset, rows in (("raw_reviews", quality + raw), ("scored_reviews", scored)):
        cells = re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE)
        keys = defs().resolve_asset_graph().asset_check_keys
        there = {key.name for key in keys if key.asset_key.path == ["movies", asset]}
        assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == there


def test_what_the_learners_page_says_best_model_shows_is_in_its_metadata_or_report() -> None:
    page = PAGES["docs/learner.md"].split("## What `best_model` shows")[1].split("##")[0]
    mentioned = {
        name for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    report = (ROOT / "sentiment_assets/learning/train_report.py").read_text()
    shown = set(re.findall(r'"(\w+)(?:\.png|\.svg)?":', report)) - {"behaviour_cases", "behaviour_passed"}
    gate = (ROOT / "sentiment_assets/learning/paired_comparison.py").read_text()
    compared = set(re.findall(r'"(\w*compared_test_accuracy)":', gate))
    compared |= {name.replace("compared", "newest") for name in compared}
    challenger = (ROOT / "sentiment_assets/learning/challenger.py").read_text().split("def _measure(")[1]
    measured = {f"test_{name}" for name in re.findall(r'"(\w+)":', challenger)} | {
        "test_macro_f1",
        "test_balanced_error_rate",
        "decision_threshold",
    }
    measured |= {f"test_{rate}_{label}" for rate in ("recall", "precision") for label in ("negative", "positive")}
    assert mentioned == shown | {"leakage_tax", "restatement", "started_from"} | compared | measured


def test_the_notebook_example_of_the_learners_page_runs() -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGES["docs/learner.md"], re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102 - our own page
    assert names["pipeline"].predict(["splendid", "dull"]).tolist() == [1, 0]  # type: ignore[attr-defined]


def test_the_behavioural_cases_of_the_learners_page_are_valid() -> None:
    [cases] = yaml_blocks("docs/learner.md")
    assert BehaviourCases.model_validate(cases).invariance["names"]


def test_every_setting_of_the_environment_that_is_mentioned_is_read() -> None:
    code = "\n".join(file.read_text() for file in (ROOT / "sentiment_assets").rglob("*.py"))
    mentioned = set(re.findall(r"`((?:SENTIMENT|MLFLOW|DAGSTER)_[A-Z_]+)`", EVERYTHING))
    assert {name for name in mentioned if f'"{name}"' not in code} == set()
    assert "SENTIMENT_HOME" in mentioned


def test_the_settings_page_shows_every_default() -> None:
    shown = yaml_blocks("docs/new_branch.md")[0]["attributes"]
    settings = BranchSettings.model_validate(shown)
    default = BranchSettings(landing="landing/acme")
    assert settings.search.hyperparameter_sets() == default.search.hyperparameter_sets()
    for name in set(BranchSettings.model_fields) - {"search", "labels"}:
        assert getattr(settings, name) == getattr(default, name), name
        assert name in shown
    assert settings.labels.label_of_value == default.labels.label_of_value
    ratings = {"positive_from", "negative_to", "lowest", "highest"}  # the other kind of rule, shown by itself
    by_the_table = set(QualityLimits.model_fields)  # written from the code, see docs/monitoring.md
    assert _keys(settings) - set(_written(shown)) - by_the_table == ratings
    assert settings.search.grid == DEFAULT_GRID


WALK = PAGES["docs/new_branch.md"].split("## All settings")[0]
[WALKED_FILE] = re.findall(r"```csv\n(.*?)```", WALK, re.DOTALL)
SCREEN, NEXT, MISSING = re.findall(r"```text\n(.*?)```", WALK, re.DOTALL)


@pytest.fixture
def walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the file of the page, and a screen as wide as that of the page."""
    (tmp_path / "reviews.csv").write_text(WALKED_FILE)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(files, "DEFS", tmp_path / "sentiment_assets/defs")
    return tmp_path


def printed(*command: str) -> list[str]:
    done = CliRunner().invoke(cli.main, command)
    assert done.exit_code == 0, done.output
    return [line.rstrip() for line in done.output.splitlines()]


def test_the_walk_of_a_file_of_your_own_prints_what_the_page_shows(walked: Path) -> None:
    assert printed("preview", f"{walked}/reviews.csv") == SCREEN.splitlines()


def test_writing_the_branch_of_the_walk_prints_what_the_page_shows(walked: Path, home: Path) -> None:
    lines = printed("preview", f"{walked}/reviews.csv", "--write", "acme")
    screen = SCREEN.splitlines()
    assert lines[: len(screen)] == screen
    said = "\n".join(lines[len(screen) :]).replace(f"{home}/", ".sentiment/").replace(f"{walked}/", "")
    assert said == NEXT.rstrip("\n")


@pytest.mark.slow
def test_the_walk_ends_with_the_scores_that_the_page_names(walked: Path, home: Path, acme: BranchInProcess) -> None:
    """By the branch that was written, with the small model that tests train."""
    printed("preview", f"{walked}/reviews.csv", "--write", "acme")
    written = yaml.safe_load((walked / "sentiment_assets/defs/acme/defs.yaml").read_text())["attributes"]
    branch = acme.with_settings(**written)
    first = branch.take_in("reviews.csv", WALKED_FILE.encode())
    not_scored, not_trained = MISSING.splitlines()
    assert not_scored in [each.user_message for each in branch.instance.all_logs(first.run_id)]
    assert not_trained in failure_of(branch.train())
    rows = [
        f"Title;{review['text']};{5 if review['label'] else 1};{1 + number % 28:02}.11.2026;tent"
        for number, review in enumerate(made_up_reviews(400))
    ]
    assert branch.take_in("more.csv", "\n".join(["title;comment;stars;posted;product", *rows]).encode()).success
    assert branch.train().success
    assert branch.score("reviews.csv").success
    assert branch.report().success
    named = re.findall(r"`(data/acme/\S+)`", WALK)
    assert len(named) == 2
    assert [name for name in named if not list(home.glob(re.sub("<.*?>", "*", name)))] == []


@pytest.mark.parametrize("command", list(cli.main.commands))
def test_every_option_that_a_page_gives_to_a_command_exists(command: str) -> None:
    known = {each for parameter in cli.main.commands[command].params for each in parameter.opts}
    given = {
        each for line in re.findall(rf"sentiment-assets {command}\b([^`#\n]*)", EVERYTHING) for each in line.split()
    }
    assert {each for each in given if each.startswith("--")} <= known


@pytest.mark.parametrize("index", [1, 2])
def test_the_other_examples_of_the_settings_page_are_valid(index: int) -> None:
    BranchSettings.model_validate({"landing": "l", **yaml_blocks("docs/new_branch.md")[index]})


@pytest.mark.parametrize("block", yaml_blocks("docs/sources.md"))
def test_the_sources_of_the_page_are_valid(block: dict[str, dict[str, Any]]) -> None:
    assert BranchSettings.model_validate(block["attributes"]).sources


def test_every_kind_of_source_stands_on_the_page() -> None:
    shown = [name for block in yaml_blocks("docs/sources.md") for name in _written(block["attributes"]["sources"][0])]
    for model in (SqlSource, RestSource, FilesSource, RestAuth):
        names = {field.alias or name for name, field in model.model_fields.items()}
        assert names - set(shown) - set(re.findall(r"\w+", PAGES["docs/sources.md"])) == set()
    assert set(ScheduledSource.model_fields) <= {
        *shown,
        *re.findall(r"^ +(?:- )?(\w+):", PAGES["docs/sources.md"], re.MULTILINE),
    }


def test_the_source_in_python_of_the_page_is_pulled(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its forum answers here, twice with the same two posts."""
    from dlt.sources.helpers import requests

    [example] = re.findall(r"```python\n(.*?)```", PAGES["docs/sources.md"], re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    (tmp_path / "sources.py").write_text(example)
    posts = [{"id": 1, "text": "fine"}, {"id": 2, "text": "dull"}]
    asked: list[object] = []

    def get(url: str, params: dict[str, object], headers: dict[str, str]) -> SimpleNamespace:
        assert headers == {"Authorization": "Bearer made up"}
        asked.append(params["after"])
        return SimpleNamespace(json=lambda: posts)

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setenv("FORUM_TOKEN", "made up")
    source = source_of("forum", tmp_path, python="sources.py:posts")
    assert (pull(source).rows, pull(source).rows) == (2, 0)
    assert landed_ids() == [1, 2]
    assert asked == [0, 2]


def test_the_readmes_branch_is_what_is_scaffolded() -> None:
    [branch] = yaml_blocks("README.md")
    assert branch == {"type": "sentiment_assets.SentimentBranch", "attributes": {"landing": "landing/acme"}}


def test_every_format_that_is_named_is_read() -> None:
    for ending in re.findall(r"`(\.\w+)`", PAGES["docs/new_branch.md"].split("## Files")[1]):
        name = f"r.csv{ending}" if ending in (".gz", ".bz2", ".xz", ".zst") else f"r{ending}"
        with pytest.raises(ValueError, match="empty"):
            list(read_rows(b"", name, "utf-8"))


def test_links_between_pages_lead_somewhere() -> None:
    for name, text in PAGES.items():
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_links_to_a_heading_lead_to_one() -> None:
    def anchors(text: str) -> set[str]:
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    for name, text in PAGES.items():
        for target, anchor in re.findall(r"\]\(([^)#:]*\.md)?#([^)]+)\)", text):
            page = ((ROOT / name).parent / target).read_text() if target else text
            assert anchor in anchors(page), f"{name} links to {target}#{anchor}"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md", *DECISIONS])
def test_every_path_that_a_page_for_developers_names_exists(page: str) -> None:
    paths = {each for each in re.findall(r"`([\w./-]+)`", PAGES[page]) if "/" in each.strip("/")}
    assert {each for each in paths if not any((root / each).exists() for root in ROOTS)} == set()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_what_a_page_for_developers_says_to_be_in_a_file_is_there(page: str) -> None:
    in_file = re.findall(r"`([\w/]+\.py)` \(`(\w+)`\)", PAGES[page])
    in_file += [(path, name) for name, path in re.findall(r"`(\w+)` (?:in|of) `([\w/]+\.py)`", PAGES[page])]
    assert in_file
    for path, name in in_file:
        [file] = [root / path for root in ROOTS if (root / path).exists()]
        assert re.search(rf"\b{name}\b", file.read_text()), f"{page}: {name} is not in {path}"


@pytest.mark.parametrize("page", DECISIONS)
def test_every_decision_has_its_date_and_the_same_headings(page: str) -> None:
    assert re.findall(r"^## (.*)$", PAGES[page], re.MULTILINE) == ["Decided", "Why", "What it leans on", "Price"]
    number, date = int(Path(page).name[:4]), r"20\d\d-\d\d-\d\d[.;]"
    assert re.match(rf"# {number}\. \S[\s\S]*\n## Decided\n\n{date}", PAGES[page])


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(Path(page).name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_packages_of_the_card_are_direct_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {re.split(r"[<>=]", each)[0] for each in project["dependencies"]}
    assert {"dagster", "dagster-webserver", "dagster-docker", "scikit-learn", "numpy", "pandas", "mlflow"} <= direct


def test_every_setting_says_what_it_is_for() -> None:
    monitoring = (MonitoringSettings, QualityLimits, PagingRule)
    automation = (RetrainingPolicy, Schedules, Cron, Freshness, AlertTarget)
    sources = (SourceSettings, SqlSource, RestSource, RestAuth, FilesSource, ScheduledSource)
    for model in (BranchSettings, FeatureSettings, SearchSpace, *monitoring, *automation, *sources):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def _keys(model: BaseModel) -> set[str]:
    found = set(type(model).model_fields)
    for name in type(model).model_fields:
        value = getattr(model, name)
        found |= _keys(value) if isinstance(value, BaseModel) else set()
    return found


def _written(given: object) -> list[str]:
    if not isinstance(given, dict):
        return []
    return [*given, *(key for value in given.values() for key in _written(value))]
