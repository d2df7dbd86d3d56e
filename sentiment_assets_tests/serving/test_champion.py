"""The notebook's face: ``load_champion``."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sentiment_assets import load_champion
from sentiment_assets.assets import raw_reviews, scored_reviews
from sentiment_assets.branch import files
from sentiment_assets.branch.files import UnknownBranch
from sentiment_assets.definitions import resources
from sentiment_assets.resources.registry import NoSuchVersion
from testing.in_process import BranchInProcess
from testing.models import made_model, register

_COLUMNS = ["score", "label", "confidence"]


def test_texts_have_the_scores_that_they_have_as_a_batch(trained: BranchInProcess) -> None:
    trained.score("a.csv")
    paths = [resources()["storage"].frame_path("acme", asset.NAME, "a.csv") for asset in (raw_reviews, scored_reviews)]
    reviews, stored = (pd.read_parquet(path.path) for path in paths)
    scored = load_champion("acme").score(reviews["text"])
    pd.testing.assert_frame_equal(scored[_COLUMNS], stored[_COLUMNS], check_dtype=False)
    assert set(scored["model_version"]) == {"1"}


def test_a_series_keeps_its_index_and_a_text_that_says_nothing_has_no_score(trained: BranchInProcess) -> None:
    texts = pd.Series(["superb", pd.NA, "  ", "<br>", "n/a", "dull"], index=list("uvwxyz"), dtype="string")
    scored = load_champion("acme").score(texts)
    assert scored.index.tolist() == list("uvwxyz")
    assert scored["label"].isna().tolist() == [False, True, True, True, True, False]
    assert scored["label"].dropna().tolist() == [1, 0]
    assert scored[["score", "confidence"]].isna().all(axis=1).tolist() == scored["label"].isna().tolist()


def test_no_text_is_no_row(trained: BranchInProcess) -> None:
    scored = load_champion("acme").score([])
    assert len(scored) == 0
    assert list(scored) == [*_COLUMNS, "model_version"]


def test_words_add_up_to_the_margin(trained: BranchInProcess) -> None:
    champion = load_champion("acme")
    words = champion.explain("superb, lovely and a bit dull")
    margin = champion.model.margins(["superb, lovely and a bit dull"])[0]
    assert words["contribution"].sum() + champion.model.intercept == pytest.approx(margin)
    assert (np.diff(words["contribution"].abs()) <= 0).all()
    assert list(champion.explain("<br>")) == ["word", "contribution"]
    assert len(champion.explain("<br>")) == 0


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ("superb", "takes a list"),
        ({"text": "superb"}, "given a dict"),
        (pd.DataFrame({"text": ["superb"]}), "given a DataFrame"),
        (["superb", 3], "text 1 is of type int"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(trained: BranchInProcess, texts: list[str], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        load_champion("acme").score(texts)


def test_a_version_can_be_named_and_those_that_there_are_are_said(trained: BranchInProcess) -> None:
    assert register(trained.tracking, "acme", made_model()) == "2"
    assert load_champion("acme").version == "1"
    assert load_champion("acme", 2).version == "2"
    with pytest.raises(NoSuchVersion, match="it has: 1, 2"):
        load_champion("acme", "7")
    with pytest.raises(NoSuchVersion, match="there are: acme"):
        load_champion("nobody")


def test_a_text_is_read_as_the_branch_reads_it(
    trained: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "DEFS", tmp_path / "defs")
    yaml = tmp_path / "defs/acme/defs.yaml"
    yaml.parent.mkdir(parents=True)
    yaml.write_text("attributes: {landing: here, html: keep, columns: {text: [title, body]}, placeholders: [superb]}")
    assert load_champion("acme").score(["superb", "<br>", "n/a"])["score"].isna().tolist() == [True, False, False]
    yaml.write_text("attributes: {landing: here, privacy: {redact: [email]}}")
    redacted, same = load_champion("acme").score(["superb jane@example.com", "superb _email_"])["score"]
    assert redacted == same
    yaml.write_text("attributes: {landing: here, htm: keep}")
    with pytest.raises(UnknownBranch, match=r"defs.yaml: .*\n.*htm"):
        load_champion("acme")


def test_the_example_of_the_page_runs(trained: BranchInProcess) -> None:
    page = (Path(__file__).parents[2] / "docs/serving.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    *_, scored, explained = example.replace("movies", "acme").strip().splitlines()
    names: dict[str, Any] = {}
    exec(example.replace("movies", "acme"), names)  # noqa: S102
    for line in (scored, explained):
        call, _, columns = line.partition("  # a DataFrame: ")
        assert list(eval(call, names)) == columns.split(", ")  # noqa: S307


@pytest.mark.slow
def test_a_fresh_process_loads_it_without_dagster(trained: BranchInProcess) -> None:
    code = (
        "import sys; from sentiment_assets import load_champion; champion = load_champion('acme');"
        "print(champion.score(['superb and lovely', 'dull'])['label'].tolist());"
        "assert 'dagster' not in sys.modules"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[1, 0]"
