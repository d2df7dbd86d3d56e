from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.landing import (
    FILES_OF_A_PART,
    PART,
    SETTLED_AFTER,
    Outcome,
    SeenFile,
    asked_for,
    change_token,
    copies,
    digest_of_parts,
    file_digest,
    folder_digest,
    forget_gone,
    is_landed,
    look_again,
    part_digests,
    part_digests_of_folder,
    seen_from_bytes,
    seen_to_bytes,
    to_read,
    to_take,
    with_outcomes,
)


def read(token: str, digest: str, taken: str = "", outcome: Outcome = "") -> SeenFile:
    return SeenFile(
        token=token, since=0, digest=digest, taken=taken, outcome=outcome, taken_as=f"{token} rules" if taken else ""
    )


def test_ten_seconds_are_enough_and_nine_are_not() -> None:
    assert SETTLED_AFTER == 10, "docs/operations.md says so"
    assert SeenFile("1", since=100).settled(now=110)
    assert not SeenFile("1", since=100).settled(now=109.9)
    assert SeenFile("1", since=100).settled(now=50), "the clock was set back"


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
    assert touched["a.csv"] == SeenFile("2", 50, "", "x", taken_as="1 rules")
    assert to_take({"a.csv": read("2", "x", taken="x")}, {"a.csv": "2"}, "rules") == []


def test_what_history_tells_counts_as_taken_in() -> None:
    tokens = {"a.csv": "1", "b.csv": "1"}
    held = {"b.csv": "x", "gone.csv": "z"}
    seen = look_again(with_outcomes({}, held, held, under_way=(), failed={}), tokens, now=0)
    assert {path: each.taken for path, each in seen.items()} == {"a.csv": "", "b.csv": "x", "gone.csv": "z"}
    assert to_take({path: read("1", "x", seen[path].taken) for path in tokens}, tokens, "rules") == []


def test_a_copy_is_taken_only_once_the_other_file_holds_something_else() -> None:
    tokens = {"a.csv": "1", "b.csv": "1"}
    both = {"a.csv": read("1", "x"), "b.csv": read("1", "x")}
    assert to_take(both, tokens, "rules") == ["a.csv"]
    taken = {"a.csv": read("1", "x", taken="x"), "b.csv": read("1", "x")}
    assert to_take(taken, tokens, "rules") == []
    assert copies(taken, tokens) == {"b.csv": "a.csv"}
    replaced = {"a.csv": read("2", "y", taken="y"), "b.csv": read("1", "x")}
    assert to_take(replaced, tokens, "rules") == ["b.csv"]


def test_a_file_that_goes_back_to_former_content_is_taken_again() -> None:
    assert to_take({"a.csv": read("3", "x", taken="y")}, {"a.csv": "3"}, "rules") == ["a.csv"]


def test_a_deleted_file_is_remembered_while_its_batch_is_there() -> None:
    seen = {"a.csv": read("1", "x", taken="x", outcome="held")}
    assert to_take(look_again(seen, {}, now=9), {}, "rules") == []
    assert to_take(look_again(seen, {"a.csv": "1"}, now=9), {"a.csv": "1"}, "rules") == []
    assert forget_gone(seen, ["a.csv"], {}) == seen
    assert forget_gone(seen, [], {}) == {}
    assert to_take(forget_gone(seen, [], {"a.csv": "1"}), {"a.csv": "1"}, "rules") == ["a.csv"]


def test_what_came_of_a_run_is_held_failed_or_not_known_yet() -> None:
    asked = {"held": read("1", "x", "x"), "failed": read("1", "y", "y"), "busy": read("1", "z", "z")}
    seen = with_outcomes(
        asked, asked, held={"held": "x", "failed": "older"}, under_way={"busy"}, failed={"failed": 1.0}
    )
    assert {path: each.outcome for path, each in seen.items()} == {"held": "held", "failed": "failed", "busy": ""}
    later = with_outcomes(seen, seen, held={"held": "x", "failed": "y", "busy": "z"}, under_way=(), failed={})
    assert {each.outcome for each in later.values()} == {"held"}, "it was executed again, well"


@pytest.mark.parametrize("known_to_have_failed", [True, False])
def test_a_failed_file_waits_for_a_change_of_its_own_or_of_the_rules(known_to_have_failed: bool) -> None:
    """Also one that changed while its run was under way."""
    asked = {"a.csv": asked_for(read("1", "x"), "rules", now=5)}

    def failed(seen: dict[str, SeenFile]) -> dict[str, SeenFile]:
        return with_outcomes(seen, seen, held={}, under_way=(), failed={"a.csv": 6.0})

    touched = look_again(failed(asked) if known_to_have_failed else asked, {"a.csv": "2"}, now=9)
    assert touched["a.csv"].digest == ""
    read_again = failed({"a.csv": replace(touched["a.csv"], digest="x")})
    assert to_take(failed(asked), {"a.csv": "1"}, "rules") == []
    assert to_take(failed(asked), {"a.csv": "1"}, "other rules") == ["a.csv"]
    assert to_take(read_again, {"a.csv": "2"}, "rules") == ["a.csv"]
    held = with_outcomes(asked, asked, held={"a.csv": "x"}, under_way=(), failed={})
    assert to_take(held, {"a.csv": "1"}, "other rules") == [], "what a batch holds is not taken in again"


@pytest.mark.parametrize("failed", [{}, {"a.csv": 4.0}])
def test_a_file_of_which_its_run_said_nothing_is_tried_once_more_and_alone(failed: dict[str, float]) -> None:
    """What a run said before this one was asked for says nothing of this one."""
    asked = {"a.csv": asked_for(read("1", "x"), "rules", now=5)}
    again = with_outcomes(asked, asked, held={}, under_way=(), failed=failed)
    assert to_take(again, {"a.csv": "1"}, "rules") == ["a.csv"]
    assert again["a.csv"].alone
    alone = {"a.csv": asked_for(again["a.csv"], "rules", now=9)}
    ended = with_outcomes(alone, alone, held={}, under_way=(), failed=failed)
    assert to_take(ended, {"a.csv": "1"}, "rules") == []
    assert not look_again(ended, {"a.csv": "2"}, now=12)["a.csv"].alone, "another content need not be"


def test_a_failed_file_holds_back_no_other_with_its_content() -> None:
    tokens = {"a.json": "1", "a.jsonl": "1"}
    seen = {"a.json": read("1", "x", "x", "failed"), "a.jsonl": read("1", "x")}
    assert to_take(seen, tokens, "rules") == ["a.jsonl"]
    assert copies(seen, tokens) == {}


OUTCOMES = st.sampled_from(["", "held", "failed"])
PARTS = st.lists(st.text(), max_size=3).map(tuple)
MOMENTS = st.floats(0, 1e10)
FILES = st.builds(
    SeenFile, st.text(), MOMENTS, st.text(), st.text(), OUTCOMES, st.text(), MOMENTS, st.booleans(), PARTS
)


@given(st.dictionaries(st.text(), FILES))
def test_what_was_seen_comes_back_from_storage(seen: dict[str, SeenFile]) -> None:
    assert seen_from_bytes(seen_to_bytes(seen)) == seen


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 5])
def test_a_content_has_one_digest_however_it_is_read(size: int) -> None:
    content = bytes(range(251)) * (size // 251) + b"x" * (size % 251)
    chunks = [content[start : start + 999_983] for start in range(0, size, 999_983)]
    parts = list(part_digests(chunks))
    assert len(parts) == -(-size // PART)
    assert digest_of_parts(parts) == file_digest(content)
    after_first = list(part_digests([content[PART:]]))
    assert digest_of_parts([*parts[:1], *after_first]) == file_digest(content), "read on from the second part"
    if size:
        assert file_digest(content[:-1] + b"?") != file_digest(content)


@given(st.dictionaries(st.text(min_size=1), st.text(max_size=2), max_size=8))
def test_each_content_is_taken_once(digests: dict[str, str]) -> None:
    seen = {path: read("1", digest) for path, digest in digests.items()}
    chosen = to_take(seen, dict.fromkeys(digests, "1"), "rules")
    assert sorted(digests[path] for path in chosen) == sorted({digest for digest in digests.values() if digest})


def test_tokens_and_digests_tell_changes() -> None:
    assert change_token({"size": 1, "mtime": 2}) == change_token({"mtime": 2, "size": 1})
    assert change_token({"size": 1, "mtime": 2}) != change_token({"size": 1, "mtime": 3})
    assert file_digest(b"abc") != file_digest(b"abd")
    assert file_digest(b"abc") == sha256(b"abc").hexdigest()[:32], "a small file's is that of its content"


def test_the_digest_of_a_folder_tells_names_and_contents_and_is_one_however_it_is_read() -> None:
    files = {f"pos/{number:04}.txt": b"%d" % number for number in range(2 * FILES_OF_A_PART + 5)}
    parts = list(part_digests_of_folder(sorted(files.items())))
    assert len(parts) == 3
    assert digest_of_parts(parts) == folder_digest(dict(reversed(files.items())))
    after_first = part_digests_of_folder(sorted(files.items())[FILES_OF_A_PART:])
    assert [*parts[:1], *after_first] == parts, "read on from the second part"
    for one, other in (
        ({"a": b"bc"}, {"ab": b"c"}),
        ({"a": b"b"}, {"c": b"b"}),
        ({"a": b"b"}, {"a": b"c"}),
        ({"a": b"", "b": b""}, {"a": b""}),
        ({"a": b"1 1 bc", "b": b""}, {"a": b"", "b": b"c"}),
    ):
        assert folder_digest(one) != folder_digest(other)
