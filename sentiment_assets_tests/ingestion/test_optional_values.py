from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.optional_values import NotRead, read_moment, read_split

THAT = datetime(2024, 3, 1, 10, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-01T10:11:12",
        "2024-03-01 10:11:12 UTC",
        "2024-03-01 10:11:12 GMT",
        "2024-03-01 10:11:12Z",
        " 2024-03-01t10:11:12z ",
        "2024-03-01 12:11:12 +02:00",
        "2024-03-01T05:11:12-0500",
        "2024-03-01 10:11:12.000",
        "2024-03-01T10:11:12,0+00",
        "20240301T101112Z",
        datetime(2024, 3, 1, 12, 11, 12, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 3, 1, 10, 11, 12),  # noqa: DTZ001 - as Parquet has it
    ],
)
def test_spellings_of_one_moment(written: object) -> None:
    assert read_moment(written) == THAT


@pytest.mark.parametrize("written", ["2024-03-01", "20240301", 20240301, 20240301.0, date(2024, 3, 1)])
def test_a_day_begins_at_midnight_utc(written: object) -> None:
    assert read_moment(written) == datetime(2024, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1700000000000", "not ISO 8601"),
        ("1688169600123", "not ISO 8601"),
        ("1700000000", "not ISO 8601"),
        (1700000000000, "not ISO 8601"),
        ("2024", "not ISO 8601"),
        ("20240301 1011", "not ISO 8601"),
        ("2024-W09-5", "not ISO 8601"),
        ("2024-03-01x10:11", "not ISO 8601"),
        ("03/04/2026", "not ISO 8601"),
        ("yesterday", "not ISO 8601"),
        (True, "not ISO 8601"),
        ([2024, 3, 1], "not ISO 8601"),
        ("2024-02-30", "no such day"),
        ("20241301", "no such day"),
        ("2024-03-01 25:00", "no such day or time"),
        ("2024-03-01T10:11+99:00", "no such day or time"),
        ("10000000", "no such day"),
        ("17000101", "not in the years 1900 to 2100"),
        ("0001-01-01T00:00+10:00", "not in the years"),
        ("9999-12-31", "not in the years"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=10))), "not in the years"),
        (datetime(1688, 1, 1, tzinfo=UTC), "not in the years"),
    ],
)
def test_what_means_something_else_is_not_read(written: object, says: str) -> None:
    with pytest.raises(NotRead, match=says):
        read_moment(written)


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1901, 1, 1), datetime(2099, 1, 1), timezones=OFFSETS))  # noqa: DTZ001
def test_what_python_writes_is_read(moment: datetime) -> None:
    assert read_moment(moment.isoformat()) == moment
    assert read_moment(moment.isoformat(" ")) == moment


@given(st.text(st.sampled_from("0123456789")))
def test_digits_alone_are_a_date_only_as_year_month_and_day(digits: str) -> None:
    try:
        read = read_moment(digits)
    except NotRead:
        return
    assert f"{read:%Y%m%d}" == digits


@pytest.mark.parametrize(("written", "split"), [("Train", "train"), ("dev", "validation"), (" TEST ", "test")])
def test_split_names(written: str, split: str) -> None:
    assert read_split(written) == split
    with pytest.raises(NotRead, match="not a split"):
        read_split("holdout")
