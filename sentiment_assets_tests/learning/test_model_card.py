"""The model card: its figures are those that were measured, and nothing in it is markup that others wrote."""

from dataclasses import replace

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from sentiment_assets.learning.about_branch import AboutBranch
from sentiment_assets.learning.behaviour import BehaviourResult, check_behaviour
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.learning.metrics import accuracy, exact_ends
from sentiment_assets.learning.model import PinnedVersion
from sentiment_assets.learning.model_card import (
    LONGEST,
    ModelCard,
    accuracy_in_words,
    columns_of_test_reviews,
    make_model_card,
    summary,
)
from sentiment_assets.learning.splitting import TEST
from sentiment_assets.learning.training_data import describe_training_data

ABOUT = AboutBranch(name="acme", label_rule="positive: 1.", sources="files", owners=["team:reviews"])
DECISION = Decision(Outcome.PROMOTED, "Promoted: there was no champion.")
HOSTILE = "<script>alert(1)</script> | [x](javascript:alert(1)) `*_~\n# https://evil.example www.evil.example"
CASES = BehaviourCases.model_validate({"minimum_functionality": {"plain": {"positive": ["superb", "dull"]}}})


def card_of(challenger: Challenger, splits: pd.DataFrame, **changed: object) -> ModelCard:
    given = {
        "about": ABOUT,
        "challenger": challenger,
        "decision": DECISION,
        "splits": splits,
        "data": describe_training_data(splits, "d", list(splits["batch"].unique())),
        "kept": pd.DataFrame(index=range(int((splits["split"] == TEST).sum()))),
        "languages": ["en"],
        "behaviour": check_behaviour(challenger.model, NO_CASES),
    }
    return make_model_card(**(given | changed))  # type: ignore[arg-type]


def row(card: ModelCard, begins: str) -> list[str]:
    [line] = [line for line in card.text.splitlines() if line.startswith(f"| {begins} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_its_figures_are_those_that_were_measured(challenger: Challenger, splits: pd.DataFrame) -> None:
    card, measured = card_of(challenger, splits), challenger.metrics
    n = int(measured["test_reviews"])
    count, value, interval = row(card, "all test reviews")
    low, high = exact_ends(round(measured["test_accuracy"] * n), n)
    assert (count, value) == (str(n), f"{measured['test_accuracy']:.4f}")
    assert interval == f"{low:.4f} to {high:.4f}"
    assert low < measured["test_accuracy"] < high
    for name in ("test_macro_f1", "test_roc_auc", "test_brier_score", "test_expected_calibration_error"):
        assert f"{measured[name]:.4f}" in card.text, name


def test_its_sizes_are_those_of_the_splits(challenger: Challenger, splits: pd.DataFrame) -> None:
    card = card_of(challenger, splits)
    for split in ("train", "validation", "test"):
        labels = splits.loc[splits["split"] == split, "label"]
        assert row(card, split) == [f"{int((labels == label).sum()):,}" for label in (1, 0)]


def test_it_names_the_sisters_whose_weights_are_in_it(challenger: Challenger, splits: pd.DataFrame) -> None:
    sisters = (PinnedVersion("books", "3", "a"), PinnedVersion("films", "1", "b"))
    started = replace(challenger, model=replace(challenger.model, started_from=sisters))

    assert "It starts from books/3, films/1, and has what was learnt there in it." in card_of(started, splits).text
    assert "starts from" not in card_of(challenger, splits).text


def test_the_newest_reviews_are_measured_by_themselves(challenger: Challenger, splits: pd.DataFrame) -> None:
    n_test = int((splits["split"] == TEST).sum())
    newest = n_test * 2 // 5
    batches = splits.assign(batch="a")
    batches.loc[splits.index[splits["split"] == TEST][-newest:], "batch"] = "b"
    labels = splits.loc[splits["split"] == TEST, "label"].to_numpy()
    assert row(card_of(challenger, batches), "the newest of them")[:2] == [
        str(newest),
        f"{accuracy(challenger.test_margins[-newest:], labels[-newest:]):.4f}",
    ]
    assert "the newest of them" not in card_of(challenger, splits).text


def test_the_dates_of_the_reviews_are_told_and_how_many_have_one(challenger: Challenger, splits: pd.DataFrame) -> None:
    assert "no review has a date" in card_of(challenger, splits).text
    days = pd.Series(pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(range(len(splits)), unit="h"), splits.index)
    some = splits.assign(created_at=days.where(splits["split"] != TEST))
    told = card_of(challenger, some, data=describe_training_data(some, "d", list(some["batch"].unique()))).text
    assert "from 2026-01-01 to 2026-03-" in told
    assert "% of the reviews have a date)" in told


def test_each_frequent_value_of_a_kept_column_is_measured_by_itself(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits[splits["split"] == TEST]
    shop = ["a"] * 40 + ["b"] * (len(test) - 45) + [None] * 5
    card = card_of(challenger, splits, kept=pd.DataFrame({"shop": shop}))
    [line] = [each for each in card.text.splitlines() if each.startswith("| shop | a |")]
    _, name, count, value, _ = (cell.strip() for cell in line.strip("|").split("|"))
    labels = test["label"].to_numpy()[:40]
    assert (name, count, value) == ("a", "40", f"{accuracy(challenger.test_margins[:40], labels):.4f}")
    assert "None" not in card.text


def test_kept_columns_are_found_by_batch_and_id(splits: pd.DataFrame) -> None:
    test = splits[splits["split"] == TEST]
    first, second = test["review_id"].iloc[:2]
    batch = pd.DataFrame({"review_id": [second, first, "other"], "shop": ["2", "1", "x"]})
    found = columns_of_test_reviews([("b", batch), ("c", batch.assign(shop="wrong"))], splits, ["shop", "gone"])
    assert len(found) == len(test)
    assert found["shop"].iloc[:2].tolist() == ["1", "2"]
    assert found["shop"].iloc[2:].isna().all()
    assert found["gone"].isna().all()


def test_what_others_have_written_is_text_and_never_markup(challenger: Challenger, splits: pd.DataFrame) -> None:
    """MLflow renders a description as Markdown."""
    n_test = int((splits["split"] == TEST).sum())
    hostile_cases = BehaviourCases.model_validate(
        {"minimum_functionality": {HOSTILE: {"positive": [HOSTILE], "negative": [HOSTILE]}}}
    )
    card = card_of(
        challenger,
        splits,
        about=replace(ABOUT, label_rule=HOSTILE, sources=HOSTILE, owners=[HOSTILE]),
        decision=Decision(Outcome.PROMOTED, HOSTILE),
        kept=pd.DataFrame({HOSTILE: [HOSTILE] * n_test}),
        languages=[HOSTILE],
        behaviour=check_behaviour(challenger.model, hostile_cases),
    )
    plain = card_of(challenger, splits)
    html = MarkdownIt("gfm-like", {"html": True}).render(card.text)
    for tag in ("<script", "<a ", "<h1", "<em>", "<s>"):
        assert tag not in html, tag
    assert html.count("<code>") == MarkdownIt("gfm-like").render(plain.text).count("<code>") - 1, "behaviour.yaml"
    assert "javascript:alert(1)" in html, "it is shown as it was written"


def test_a_description_is_never_longer_than_the_registry_takes_and_says_where_the_rest_is(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    n_test = int((splits["split"] == TEST).sum())
    long = replace(ABOUT, owners=[f"person{n}@acme.example" for n in range(300)])
    card = card_of(
        challenger,
        splits,
        about=long,
        decision=Decision(Outcome.PROMOTED, "x" * 9000),
        kept=pd.DataFrame(index=range(n_test)),
    )
    assert len(card.text) > LONGEST >= len(card.description)
    assert card.description.endswith("*More is in `report/model_card.md` of the train run.*")
    assert "## How good it is" in card.description
    short = card_of(challenger, splits)
    assert short.description == short.text


def test_the_reason_is_its_first_line(challenger: Challenger, splits: pd.DataFrame) -> None:
    assert card_of(challenger, splits).text.splitlines()[0] == DECISION.reason


def test_failed_cases_are_named(challenger: Challenger, splits: pd.DataFrame) -> None:
    tested = check_behaviour(challenger.model, CASES)
    card = card_of(challenger, splits, behaviour=tested)
    assert "It gets 1 of 2 cases right; wrong are:" in card.text
    assert "- plain, expected positive: “dull”" in card.text
    many = BehaviourResult([replace(tested.cases[1], group=f"g{n}") for n in range(11)])
    assert "- and 3 more" in card_of(challenger, splits, behaviour=many).text


@pytest.mark.parametrize(
    ("outcome", "before", "said"),
    [
        (Outcome.PROMOTED, None, "Promoted: version 4 is the champion."),
        (Outcome.NOT_PROMOTED, "3", "Not promoted: version 4 waits, version 3 stays."),
        (Outcome.NOT_PROMOTED, None, "Not promoted: version 4 waits, there is no champion."),
        (Outcome.UNCHANGED, "4", "Unchanged: version 4 is this very model."),
    ],
)
def test_a_train_run_is_summed_up_in_one_line(outcome: Outcome, before: str | None, said: str) -> None:
    assert summary(Decision(outcome, "why"), challenger_version="4", champion_version=before) == said


def test_accuracy_is_told_with_its_interval(challenger: Challenger) -> None:
    n, value = challenger.metrics["test_reviews"], challenger.metrics["test_accuracy"]
    low, high = exact_ends(round(value * n), int(n))
    assert accuracy_in_words(challenger) == f"{value:.3f} ({low:.3f} to {high:.3f}) on {n:,.0f} test reviews"


def test_an_interval_is_exact_at_its_ends() -> None:
    assert exact_ends(0, 10) == (0.0, pytest.approx(0.3085, abs=1e-4))
    assert exact_ends(10, 10) == (pytest.approx(0.6915, abs=1e-4), 1.0)
    assert exact_ends(5, 10) == (pytest.approx(0.1871, abs=1e-4), pytest.approx(0.8129, abs=1e-4))


def test_scores_by_rating_are_told_in_ratings(challenger: Challenger, splits: pd.DataFrame) -> None:
    figures = {
        "test_rated_reviews": 1_234.0,
        "test_rating_error": 0.684,
        "test_rating_error_of_median": 0.865,
        "test_balanced_rating_error": 0.713,
        "test_middle_mean_score": -0.021,
        "test_rating_correlation": 0.586,
    }
    told = card_of(replace(challenger, metrics={**challenger.metrics, **figures}), splits).text
    assert "On 1,234 rated test reviews, neutral ones among them, they are off by 0.68 ratings on average" in told
    assert (
        "(always the median: 0.86), and by 0.71 if each fifth of the scale counts alike; rank correlation 0.59" in told
    )
    assert "those rated in the middle have a mean score of -0.02." in told
    assert "rated test reviews" not in card_of(challenger, splits).text
