"""Without a rule, only numbers that can mean one thing are labels."""

import re
from collections.abc import Sequence

import pytest
import yaml

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule

NO_RULE = LabelRule()


def labels(values: Sequence[object], rule: LabelRule = NO_RULE) -> list[int | None]:
    """What the label column of a file becomes, a review a value."""
    rows = "".join(f"review {place},{value}\n" for place, value in enumerate(values))
    read = read_batch(f"text,label\n{rows}".encode(), "r.csv", IngestionSettings(labels=rule)).reviews["label"]
    return read.astype(object).where(read.notna(), None).tolist()


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["1", "0", "1.0", "0.0"], [1, 0, 1, 0]),
        (["1", "-1", "+1"], [1, 0, 1]),
        (["pos", "neg", "neutral", "TRUE"], [1, 0, None, 1]),
        (["1", "negative", ""], [1, 0, None]),
    ],
)
def test_numbers_and_words_that_mean_one_thing_are_labels(values: list[str], read: list[int | None]) -> None:
    assert labels(values) == read


UNSAID = {
    "stars": (["1", "2", "3", "4", "5"], [0, 0, None, 1, 1]),
    "stars, one of them missing": (["1", "5", "4"], [0, 1, 1]),
    "half stars": (["0.5", "1", "4.5", "5"], [0, 0, 1, 1]),
    "ratings to ten": ([str(each) for each in range(1, 11)], [0, 0, 0, None, None, None, None, 1, 1, 1]),
    "three classes": (["0", "1", "2"], [0, None, 1]),
    "polarity 1 and 2": (["1", "2", "2"], [0, 1, 1]),
    "polarity 0 and 4": (["0", "4"], [0, 1]),
    "five classes": (["0", "1", "2", "3", "4"], [0, 0, None, 1, 1]),
    "-1, 0 and 1": (["-1", "0", "1"], [0, None, 1]),
    "numbers and words": (["1", "2", "positive"], [0, 1, 1]),
    "stars of five": (["1/5", "2/5", "3/5", "5/5"], [0, 0, None, 1]),
    "words of a shop": (["1.0 out of 5 stars", "4.0 out of 5 stars"], [0, 1]),
    "drawn stars": (["★☆☆☆☆", "★★★☆☆", "★★★★★"], [0, None, 1]),
    "stars with their word": (["1 stars", "5 stars"], [0, 1]),
    "written per cent": (["80 %", "20 %", "50 %"], [1, 0, None]),
    "per cent": ([str(each) for each in range(101)], [0] * 26 + [None] * 49 + [1] * 26),
}


@pytest.mark.parametrize("case", UNSAID)
def test_other_numbers_without_a_rule_fail_the_file_and_the_message_holds_one_to_paste(case: str) -> None:
    values, meant = UNSAID[case]
    with pytest.raises(UnreadableFile, match="its labels in column 'label' are ") as refused:
        labels(values)
    [rule] = re.findall(r"`labels: (.*?)`", str(refused.value))
    assert labels(values, LabelRule.model_validate(yaml.safe_load(rule))) == meant


def test_the_message_says_how_often_each_value_occurs() -> None:
    with pytest.raises(UnreadableFile) as refused:
        labels(["5"] * 1200 + ["1"] * 69 + ["odd"])
    assert "are 1 (69 rows), 5 (1,200 rows), odd (1 row)" in str(refused.value)
    assert "`labels: {positive_from: 4, negative_to: 2, lowest: 1, highest: 5}`" in str(refused.value)


def test_even_one_such_number_among_many_fails_the_file() -> None:
    with pytest.raises(UnreadableFile, match=r"0 \(500 rows\), 1 \(500 rows\), 2 \(1 row\)"):
        labels(["0", "1"] * 500 + ["2"])


def test_a_rule_that_the_user_wrote_is_not_second_guessed() -> None:
    written = LabelRule(positive=["1"], negative=["0", "-1"])
    assert labels(["1", "0", "-1"], written) == [1, 0, 0]
    assert labels(["1"] * 20 + ["7"], written) == [1] * 20, "7 goes to quarantine"


def test_a_rule_about_neutral_alone_says_nothing_of_other_numbers() -> None:
    assert labels(["0", "1", "2"], LabelRule(neutral=["2"])) == [0, 1, None]
    with pytest.raises(UnreadableFile, match="may mean anything"):
        labels(["1", "2", "3"], LabelRule(neutral=["mixed"]))


@pytest.mark.parametrize("row", [",5", "\x00,5", '"a\x00b",5'])
def test_rows_that_are_no_review_say_too_what_the_labels_are(row: str) -> None:
    """Ten texts with one star each, beside ratings without a text: the scale is that of all rows."""
    content = "text,label\n" + "awful,1\n" * 10 + f"{row}\n"
    with pytest.raises(UnreadableFile, match=r"its labels in column 'label' are 1 \(10 rows\), 5 \(1 row\)"):
        read_batch(content.encode(), "r.csv", IngestionSettings())


SCALE = LabelRule(positive_from=4, negative_to=2, lowest=1, highest=5, scores_by_rating=True)


def test_where_scores_go_by_ratings_each_rating_has_its_place_on_the_scale() -> None:
    rows = "".join(
        f"review {number},{stars}\n" for number, stars in enumerate(["1", "2", "3/5", "★★★★☆", "4.5", "5", ""])
    )
    reviews = read_batch(f"text,label\n{rows}".encode(), "r.csv", IngestionSettings(labels=SCALE)).reviews
    assert reviews["rating_position"].tolist()[:-1] == [-1, -0.5, 0, 0.5, 0.75, 1]
    assert reviews["rating_position"].isna().tolist() == [False] * 6 + [True], "nobody has rated the last one"
    assert reviews["label"].isna().tolist() == [False, False, True, False, False, False, True]


def test_a_placeholder_is_no_rating_whatever_it_would_mean_as_a_label() -> None:
    settings = IngestionSettings(labels=SCALE.model_copy(update={"lowest": 0}), placeholders=["0"])
    batch = read_batch(b"text,label\ngood,5\nmeh,0\n", "r.csv", settings)
    assert batch.reviews["label"].isna().tolist() == [False, True]
    assert batch.reviews["rating_position"].isna().tolist() == [False, True]
    assert not batch.reviews["neutral"].any()


def test_other_branches_keep_no_rating() -> None:
    stars = SCALE.model_copy(update={"scores_by_rating": False})
    batch = read_batch(b"text,label\ngood,5\n", "r.csv", IngestionSettings(labels=stars))
    assert "rating_position" not in batch.reviews


def test_a_column_of_labels_that_is_not_there_leaves_every_rating_missing() -> None:
    batch = read_batch(b"text\ngood\n", "r.csv", IngestionSettings(labels=SCALE))
    assert batch.reviews["rating_position"].isna().all()
    assert batch.reviews["rating_position"].dtype == "float64"
