import re

import pytest
import yaml
from pydantic import ValidationError

from sentiment_assets.ingestion.settings import (
    RESERVED_COLUMNS,
    IngestionSettings,
    LabelRule,
    ReviewColumns,
    label_key,
)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"positive": ["1"], "positive_from": 4, "negative_to": 2}, "not both"),
        ({"positive_from": 4}, "both positive_from and negative_to"),
        ({"positive_from": 2, "negative_to": 4}, "negative_to < positive_from"),
        ({"positive_from": 4, "negative_to": 2, "highest": 3}, "positive_from <= highest"),
        ({"positive": ["good"], "negative": ["GOOD "]}, "good: stands under more than one label"),
        ({"positive": [1], "negative": ["+1.0"]}, "1: stands under more than one label"),
        ({"scores_by_rating": True}, "scores_by_rating needs ratings: positive_from, negative_to, lowest and highest"),
        ({"positive_from": 4, "negative_to": 2, "scores_by_rating": True}, "lowest and highest"),
        ({"positive_from": 4, "negative_to": 2, "lowest": 1, "scores_by_rating": True}, "lowest and highest"),
        ({"postive": ["1"]}, "unknown: postive; allowed: positive, negative, neutral"),
    ],
)
def test_a_contradictory_label_rule_is_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        LabelRule.model_validate(values)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValidationError, match="'utf-99' is not an encoding"):
        IngestionSettings(encoding="utf-99")


@pytest.mark.parametrize("name", RESERVED_COLUMNS)
def test_a_kept_column_may_not_take_a_name_of_the_platform(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name}: names the platform uses itself"):
        ReviewColumns(keep=["brand", name])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("{keep: [brand, shop, brand]}", "brand: named more than once"),
        ("{text: body, label: body}", "text and label are one column, 'body'; name another"),
        ("{text: label}", "text and label are one column, 'label'"),
        ("{keep: [yes]}", "YAML reads yes, on and true as True; put the word in quotes"),
        ("{text: no}", "YAML reads no, off and false as False"),
        ("{created_at: }", "YAML reads null, ~ and nothing at all as None"),
        ("{label: 5}", 'YAML reads 5 as int, not as a name; put it in quotes: "5"'),
        ("{label: 2026-01-01}", "YAML reads 2026-01-01 as date, not as a name; put it in quotes"),
        ("{text: ''}", "at least 1 character"),
        ("{text: body, renamed: {review: text}}", "renamed: text is no column of the branch"),
        ("{keep: ['']}", "at least 1 character"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(columns: str, says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        ReviewColumns.model_validate(yaml.safe_load(columns))


def test_no_such_column_is_said_by_an_empty_string_for_as_many_as_you_like() -> None:
    columns = ReviewColumns(text="body", review_id="", label="", created_at="", split="", keep=["stars"])
    assert columns.named == ("body", "stars")
    assert ReviewColumns().named == ()


@pytest.mark.parametrize(
    ("rule", "field", "says"),
    [
        ("{positive: [yes]}", "positive.0", "YAML reads yes, on and true as True; put the word in quotes"),
        ("{negative: [off]}", "negative.0", "YAML reads no, off and false as False"),
        ("{neutral: [~]}", "neutral.0", "YAML reads null, ~ and nothing at all as None"),
    ],
)
def test_words_that_yaml_reads_otherwise_belong_in_quotes(rule: str, field: str, says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)) as refused:
        LabelRule.model_validate(yaml.safe_load(rule))
    assert field in str(refused.value)
    quoted = rule.replace("[", '["').replace("]", '"]')
    LabelRule.model_validate(yaml.safe_load(quoted))


def test_spellings_of_one_number_or_word_are_one_value() -> None:
    assert label_key("+1") == label_key(1) == label_key(1.0) == label_key(" 1 ") == label_key("1,0") == "1"
    assert label_key("4,5") == label_key("4.5") == "4.5"
    assert label_key("1,000") == "1,000", "of a thousand, perhaps"
    assert label_key("0.9999999") != "1"
    assert label_key("Positive") == label_key("POSITIVE ") == "positive"


def test_a_label_rule_is_told_in_words() -> None:
    ratings = LabelRule(positive_from=4, negative_to=2.5)
    assert ratings.in_words == "ratings from 4 up are positive, up to 2.5 negative, neutral between."
    values = LabelRule(positive=["yes", 1], negative=["no"], neutral=[])
    assert values.in_words == "positive: yes, 1; negative: no."
