from dataclasses import replace

import pandas as pd
import pytest

from sentiment_assets.learning.flips import flip_review, flips_by_ngram
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import hash_ngrams

REVIEWS = pd.DataFrame(
    {
        "review_id": ["a", "b", "c", "d"],
        "text": ["a superb film", "superb", "a dull film", "the lovely story was superb"],
        "label": [1, 0, 0, 1],
    }
)


def without(word: str, model: SentimentModel) -> SentimentModel:
    """The model as if it had learned the opposite of one word."""
    [part] = model.feature_set.parts
    [column] = hash_ngrams([word], part.ngrams).indices
    coefficients = model.coefficients.copy()
    coefficients[part.lookup.position[column]] *= -9
    return replace(model, coefficients=coefficients)


@pytest.fixture(scope="module")
def flips(model: SentimentModel) -> pd.DataFrame:
    champion = without("superb", model)
    texts = REVIEWS["text"].tolist()
    return flip_review(
        challenger=model,
        challenger_margins=model.margins(texts),
        champion=champion,
        champion_margins=champion.margins(texts),
        reviews=REVIEWS,
    )


def test_the_flipped_reviews_name_the_ngram_responsible(flips: pd.DataFrame) -> None:
    assert flips["review_id"].tolist() == ["a", "b", "d"]
    assert set(flips["ngram"]) == {"superb"}
    assert flips["now"].tolist() == ["right", "wrong", "right"]
    assert (flips["ngram_change"] > 0).all()
    assert ((flips["champion_margin"] < 0) & (flips["challenger_margin"] > 0)).all()


def test_they_are_grouped_by_that_ngram(flips: pd.DataFrame) -> None:
    [group] = flips_by_ngram(flips).to_dict("records")
    assert (group["ngram"], group["reviews"], group["now_right"], group["now_wrong"]) == ("superb", 3, 2, 1)
    assert group["mean_change"] == pytest.approx(flips["ngram_change"].mean())
    assert group["example"] == "a superb film"


def test_equal_models_flip_nothing(model: SentimentModel) -> None:
    margins = model.margins(REVIEWS["text"].tolist())
    none = flip_review(
        challenger=model, challenger_margins=margins, champion=model, champion_margins=margins, reviews=REVIEWS
    )
    assert none.empty
    assert flips_by_ngram(none).empty
