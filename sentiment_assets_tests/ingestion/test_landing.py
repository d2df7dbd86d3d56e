from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.landing import (
    SETTLED_AFTER,
    SeenFile,
    change_token,
    content_digest_of,
    copies,
    forget_all_but,
    is_landed,
    look_again,
    remember,
    seen_from_text,
    seen_to_text,
    to_read,
    to_take,
)


def read(token: str, digest: str, taken: str = "") -> SeenFile:
    return SeenFile(token, 0, digest, taken)


def test_hidden_and_unfinished_files_are_left_alone() -> None:
    names = ["a.csv", "2026/a.csv", ".a.csv", ".git/a.csv", "a.csv.part", "A.TMP", "apart.csv"]
    assert [name for name in names if is_landed(name)] == ["a.csv", "2026/a.csv", "apart.csv"]


def test_a_file_is_read_once_it_has_stopped_changing() -> None:
    seen = look_again({}, {"a.csv": "1"}, now=100)
    assert to_read(seen, {"a.csv": "1"}, now=100 + SETTLED_AFTER - 1) == []
    grown = look_again(seen, {"a.csv": "2"}, now=100 + SETTLED_AFTER)
    assert to_read(grown, {"a.csv": "2"}, now=100 + SETTLED_AFTER) == []
    still = look_again(grown, {"a.csv": "2"}, now=100 + 2 * SETTLED_AFTER)
    assert to_read(still, {"a.csv": "2"}, now=100 + 2 * SETTLED_AFTER) == ["a.csv"]


def test_ten_seconds_without_a_change_are_wanted() -> None:
    """Uploads of some seconds between two writes are usual; the sensor looks every fifteen."""
    seen = look_again({}, {"a.csv": "1"}, now=100)
    assert to_read(seen, {"a.csv": "1"}, now=109.9) == []
    assert to_read(seen, {"a.csv": "1"}, now=110) == ["a.csv"]


def test_a_touched_file_is_read_again_and_not_taken_again() -> None:
    touched = look_again({"a.csv": read("1", "x", taken="x")}, {"a.csv": "2"}, now=50)
    assert touched["a.csv"] == SeenFile("2", 50, "", "x")
    assert to_take({"a.csv": read("2", "x", taken="x")}, {"a.csv": "2"}) == []


def test_what_history_tells_counts_as_taken_in() -> None:
    tokens = {"a.csv": "1", "b.csv": "1"}
    seen = look_again(remember({}, {"b.csv": "x", "gone.csv": "z"}), tokens, now=0)
    assert {path: each.taken for path, each in seen.items()} == {"a.csv": "", "b.csv": "x", "gone.csv": "z"}
    assert to_take({path: read("1", "x", seen[path].taken) for path in tokens}, tokens) == []


def test_a_copy_is_taken_only_once_the_other_file_holds_something_else() -> None:
    tokens = {"a.csv": "1", "b.csv": "1"}
    both = {"a.csv": read("1", "x"), "b.csv": read("1", "x")}
    assert to_take(both, tokens) == ["a.csv"]
    taken = {"a.csv": read("1", "x", taken="x"), "b.csv": read("1", "x")}
    assert to_take(taken, tokens) == []
    assert copies(taken, tokens) == {"b.csv": "a.csv"}
    replaced = {"a.csv": read("2", "y", taken="y"), "b.csv": read("1", "x")}
    assert to_take(replaced, tokens) == ["b.csv"]


def test_a_file_that_goes_back_to_former_content_is_taken_again() -> None:
    assert to_take({"a.csv": read("3", "x", taken="y")}, {"a.csv": "3"}) == ["a.csv"]


def test_a_deleted_file_is_remembered_and_a_deleted_batch_is_not() -> None:
    seen = {"a.csv": read("1", "x", taken="x")}
    assert to_take(look_again(seen, {}, now=9), {}) == []
    assert to_take(look_again(seen, {"a.csv": "1"}, now=9), {"a.csv": "1"}) == []
    assert to_take(forget_all_but(seen, []), {"a.csv": "1"}) == ["a.csv"]


@given(st.dictionaries(st.text(), st.builds(SeenFile, st.text(), st.floats(0, 1e10), st.text(), st.text())))
def test_what_was_seen_comes_back_from_text(seen: dict[str, SeenFile]) -> None:
    assert seen_from_text(seen_to_text(seen)) == seen
    assert seen_from_text(None) == {}


@given(st.dictionaries(st.text(min_size=1), st.text(max_size=2), max_size=8))
def test_each_content_is_taken_once(digests: dict[str, str]) -> None:
    seen = {path: read("1", digest) for path, digest in digests.items()}
    chosen = to_take(seen, dict.fromkeys(digests, "1"))
    assert sorted(digests[path] for path in chosen) == sorted({digest for digest in digests.values() if digest})


def test_tokens_and_digests_tell_changes() -> None:
    assert change_token({"size": 1, "mtime": 2}) == change_token({"mtime": 2, "size": 1})
    assert change_token({"size": 1, "mtime": 2}) != change_token({"size": 1, "mtime": 3})
    assert content_digest_of([b"ab", b"c"]) == content_digest_of([b"abc"]) != content_digest_of([b"abd"])
