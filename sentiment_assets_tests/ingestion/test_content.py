"""The digest of a batch's content tells contents apart, however many rows there are."""

from hashlib import sha256

import pandas as pd
import pytest

from sentiment_assets.ingestion.content import content_digest


def reviews(n: int) -> pd.DataFrame:
    texts = [f"review {number}" if number % 5 else None for number in range(n)]
    labels = pd.array([None if number % 3 else number % 2 for number in range(n)], dtype="Int8")
    return pd.DataFrame({"text": pd.Series(texts, dtype="str"), "label": labels})


@pytest.mark.parametrize("n", [0, 1, 25_000])
def test_it_is_that_of_former_releases(n: int) -> None:
    values = pd.util.hash_pandas_object(reviews(n), index=False).to_numpy()
    assert content_digest(reviews(n)) == sha256(b"text,label" + values.tobytes()).hexdigest()[:16]


def test_any_value_and_the_order_of_rows_make_another() -> None:
    frame = reviews(25_000)
    other = frame.copy()
    other.loc[24_999, "text"] = "another"
    digests = {content_digest(each) for each in (frame, other, frame.iloc[::-1], frame.rename(columns={"text": "x"}))}
    assert len(digests) == 4
