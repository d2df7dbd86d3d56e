import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.batch_key import batch_key, path_of_batch


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_key_leads_back_to_its_path(path: str) -> None:
    key = batch_key(path)
    assert path_of_batch(key) == path
    assert "," not in key
    assert "..." not in key
    assert batch_key(path_of_batch(key)) == key


@pytest.mark.parametrize("path", ["2026-11-films.csv.gz", "shop a/2026 (late).jsonl", "评论_一.tsv"])
def test_ordinary_names_stay_as_they_are(path: str) -> None:
    assert batch_key(path) == path
