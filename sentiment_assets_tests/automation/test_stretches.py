"""Which batches a run can have."""

from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.automation.stretches import requests_for, stretches


def test_a_stretch_holds_wanted_batches_that_lie_side_by_side() -> None:
    assert stretches("abcdef", {"a", "c", "d", "e"}, most=2) == [["a"], ["c", "d"], ["e"]]
    assert stretches("abc", set(), most=5) == []


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 6))
def test_stretches_hold_each_wanted_batch_once_and_no_other(wanted: list[bool], most: int) -> None:
    keys = [f"{number}.csv" for number in range(len(wanted))]
    chosen = [key for key, is_wanted in zip(keys, wanted, strict=True) if is_wanted]
    found = stretches(keys, set(chosen), most)
    assert [key for stretch in found for key in stretch] == chosen
    for stretch in found:
        assert 1 <= len(stretch) <= most
        first = keys.index(stretch[0])
        assert keys[first : first + len(stretch)] == stretch


def test_a_run_key_changes_with_any_batch_and_its_state() -> None:
    found = [["a.csv", "b.csv"]]
    states = {"a.csv": "1", "b.csv": "1"}
    [request] = requests_for(found, states, "0 ended")
    assert request.run_key == requests_for(found, dict(states), "0 ended")[0].run_key
    others = [
        requests_for([["a.csv"]], states, "0 ended"),
        requests_for(found, states | {"b.csv": "2"}, "0 ended"),
        requests_for(found, states, "1 ended"),
    ]
    assert request.run_key not in [other.run_key for [other] in others]
    assert len(str(request.run_key)) < 100


def test_a_run_of_one_batch_has_it_as_its_partition_and_one_of_many_its_ends() -> None:
    found = [["a.csv"], ["c.csv", "d.csv", "e.csv"]]
    [one, many] = requests_for(found, {key: "" for stretch in found for key in stretch})
    assert one.partition_key == "a.csv"
    assert many.partition_key is None
    assert dict(many.tags) == {
        "dagster/asset_partition_range_start": "c.csv",
        "dagster/asset_partition_range_end": "e.csv",
    }
