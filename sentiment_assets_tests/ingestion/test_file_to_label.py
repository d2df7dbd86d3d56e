import io

import pandas as pd

from sentiment_assets.ingestion.file_to_label import file_to_label
from sentiment_assets.ingestion.settings import LabelRule, ReviewColumns

REVIEWS = pd.DataFrame({"review_id": ["1", "2"], "text": ["Good", "=1+1"], "why": ["a", "b"]})


def read(content: bytes | None) -> pd.DataFrame:
    assert content is not None
    return pd.read_csv(io.BytesIO(content), dtype="str", keep_default_na=False)


def test_the_file_has_the_branchs_names_and_an_empty_label() -> None:
    file = read(file_to_label(REVIEWS, ReviewColumns(text=["body", "title"], review_id="nr", keep=["shop"])))
    assert list(file) == ["nr", "'body", "label", "why", "title", "shop"]
    assert file["label"].tolist() == ["", ""]
    assert file["'body"].tolist() == ["Good", "'=1+1"]


def test_a_note_gives_way_to_a_column_of_the_branch() -> None:
    file = read(file_to_label(REVIEWS, ReviewColumns(label="why")))
    assert list(file) == ["review_id", "'text", "why"]
    assert file["why"].tolist() == ["", ""]


def test_there_is_no_file_without_reviews_or_a_column_for_labels() -> None:
    assert file_to_label(REVIEWS.iloc[:0], ReviewColumns()) is None
    assert file_to_label(REVIEWS, ReviewColumns(label="")) is None


def test_a_label_is_written_as_the_branch_reads_it() -> None:
    assert [LabelRule().value_of(label) for label in (0, 1)] == ["0", "1"]
    assert [LabelRule(positive=["gut"], negative=["mies", 0]).value_of(label) for label in (0, 1)] == ["mies", "gut"]
    stars = LabelRule(positive_from=4, negative_to=2.5, lowest=1, highest=5)
    assert [stars.value_of(label) for label in (0, 1)] == ["2.5", "4"]
