import pytest
from pydantic import ValidationError

from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns, label_key


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"positive": ["1"], "positive_from": 4, "negative_to": 2}, "not both"),
        ({"positive_from": 4}, "both positive_from and negative_to"),
        ({"positive_from": 2, "negative_to": 4}, "negative_to < positive_from"),
        ({"positive_from": 4, "negative_to": 2, "highest": 3}, "positive_from <= highest"),
        ({"positive": ["good"], "negative": ["GOOD "]}, "good: stands under more than one label"),
        ({"positive": [1], "negative": ["+1.0"]}, "1: stands under more than one label"),
        ({"postive": ["1"]}, "unknown: postive; allowed: positive, negative, neutral"),
    ],
)
def test_a_contradictory_label_rule_is_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        LabelRule.model_validate(values)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValidationError, match="'utf-99' is not an encoding"):
        IngestionSettings(encoding="utf-99")


def test_a_kept_column_may_not_take_a_reserved_name() -> None:
    with pytest.raises(ValidationError, match="batch: names the batch uses itself"):
        ReviewColumns(keep=["brand", "batch"])


def test_spellings_of_one_number_or_word_are_one_value() -> None:
    assert label_key("+1") == label_key(1) == label_key(1.0) == label_key(" 1 ") == "1"
    assert label_key("Positive") == label_key("POSITIVE ") == "positive"
