import posixpath
from pathlib import PureWindowsPath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.batch_key import batch_key, fault_of_path, path_of_batch


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


PARTS = st.text(st.sampled_from(list("ab.%2Ee/\\\n\x00评")), max_size=12)


@given(st.lists(PARTS, max_size=6).map("/".join))
def test_a_path_without_fault_stays_below_its_folder_whoever_decodes_it(path: str) -> None:
    if fault_of_path(path):
        return
    assert posixpath.normpath(f"/landing/{path}") == f"/landing/{path}"
    assert ".." not in PureWindowsPath(path).parts
    assert not fault_of_path(unquote(path))


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "is empty"),
        (".", "has a part that is `.` or `..`"),
        ("../outside.csv", "has a part that is `.` or `..`"),
        ("%2E%2E/%2E%2E/outside.csv", "has a part that is `.` or `..`"),
        ("%252e%252e/outside.csv", "has a part that is `.` or `..`"),
        ("2026\\..\\..\\outside.csv", "has a part that is `.` or `..`"),
        ("/etc/outside.csv", "begins with a slash"),
        ("%2Fetc/outside.csv", "begins with a slash"),
        ("2026//a.csv", "has a part without a name"),
        ("a.csv/", "has a part without a name"),
        ("a%00.csv", "holds a NUL character"),
    ],
)
def test_a_path_that_may_lead_elsewhere_says_why(path: str, fault: str) -> None:
    assert fault_of_path(path).startswith(fault)


@pytest.mark.parametrize("path", ["a..b.csv", "...csv", "a\\b.csv", "two\nlines.csv", "100%.csv", "评/论.csv"])
def test_odd_names_are_names_like_any_other(path: str) -> None:
    assert fault_of_path(path) == fault_of_path(batch_key(path)) == ""
