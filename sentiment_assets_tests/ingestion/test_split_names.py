import pytest

from sentiment_assets.ingestion.split_names import read_split
from sentiment_assets.ingestion.values import NotRead


@pytest.mark.parametrize(("written", "split"), [("Train", "train"), ("dev", "validation"), (" TEST ", "test")])
def test_split_names(written: str, split: str) -> None:
    assert read_split(written) == split
    with pytest.raises(NotRead, match="not a split"):
        read_split("holdout")
