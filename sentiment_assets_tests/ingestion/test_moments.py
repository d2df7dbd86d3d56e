"""Dates as exports write them: read for the whole column in one way, or not at all and with the line to write."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.ingestion.moments import Written, read_moments
from sentiment_assets.ingestion.settings import DateColumn, ReviewColumns

THAT = datetime(2024, 3, 1, 10, 11, 12, tzinfo=UTC)
DAY = datetime(2024, 3, 5, tzinfo=UTC)


def moments(*values: Written, languages: Sequence[str] = (), **written: str) -> list[datetime | None]:
    """What a column of these values is read as."""
    read = read_moments(values, DateColumn.model_validate({"column": "date", **written}), languages)
    assert read.of.keys() ^ read.why_not.keys() == set(values)
    return [read.of.get(value) for value in values]


def why_not(*values: Written, languages: Sequence[str] = ()) -> str:
    """The one reason why nothing in a column of these values is read."""
    read = read_moments(values, DateColumn(column="date"), languages)
    [reason] = set(read.why_not.values())
    assert not read.of
    return reason


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
        "20240301101112",
        20240301101112,
        "2024-03-01T11:11:12+01:00[Europe/Berlin]",
        "2024-03-01T10:11:12Z[UTC]",
        "2024.03.01. 10.11.12",
        "2024.3.1, 10:11:12 Uhr",
        "2024. 3. 1. 오전 10:11:12",
        "2024/3/1 上午 10:11:12",
        "01-MAR-24 10.11.12.000000 AM",
        "Fri Mar 01 11:11:12 CET 2024",
        "/Date(1709287872000)/",
        "01/Mar/2024:10:11:12 +0000",
        "01MAR2024:10:11:12",
        "10:11:12 1 March 2024",
        "10:11:12 AM, 2024/3/1",
        "[2024-03-01 10:11:12]",
        "2024/3/1 10:11:12",
        "March 1, 2024, 10:11:12 AM",
        "Fri Mar 01 02:11:12 PST 2024",
        "1 Mar 2024 12:11:12 +0200",
        "1 Mar 2024 15:56:12 +05:45",
        "1 Mar 2024 06:11:12 -04:00",
        "Fri Mar 01 05:11:12 EST 2024",
        datetime(2024, 3, 1, 12, 11, 12, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 3, 1, 10, 11, 12),  # noqa: DTZ001 - as Parquet has it
    ],
)
def test_spellings_of_one_moment(written: Written) -> None:
    assert moments(written) == [THAT]


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-05",
        "20240305",
        20240305,
        date(2024, 3, 5),
        "2024/03/05",
        "2024.3.5",
        "2024.03.05.",
        "2024. 3. 5.",
        "March 5, 2024",
        "Mar. 5th, 2024",
        "5 March 2024",
        "05-Mar-24",
        "5 Mar '24",
        "2024-Mar-05",
        "05MAR2024",
        "05Mar24",
        "(2024-03-05)",
        "[5 March 2024]",
        "Reviewed in the United States on March 5, 2024",
        "2024年3月5日",
        "2024년 3월 5일",
    ],
)
def test_a_day_begins_at_midnight_utc(written: Written) -> None:
    assert moments(written) == [DAY]


@pytest.mark.parametrize(
    "written",
    [
        "12 Mar 14:25",
        "12MAR14:25",
        "08:30 5 May 2021 09:15",
        "[5 May 2021:now]",
        "10 may 21 times",
        "see 3 mar-12 items",
        "May 1, 2021 @ 10:30 PM",
        "1 May 2021 22.30",
        "2024年3月5日 夜8:30",
        "14/04/2024 23:00 AM",
        "1 May 2021 10:00 +99:00",
        "5 March 2021, edited Mar 6, 2021",
        "2024年3月5日から2025年3月5日",
    ],
)
def test_a_date_with_something_beside_it_that_may_belong_to_it_is_not_read(written: str) -> None:
    assert moments(written) == [None]


def test_days_as_a_spreadsheet_counts_them_are_read_where_the_whole_column_has_such_numbers() -> None:
    assert moments(45356, "45356.5", 36526) == [DAY, DAY + timedelta(hours=12), datetime(2000, 1, 1, tzinfo=UTC)]
    assert moments(45356, 20000) == [None, None], "days since 1970 are others"
    assert moments(45356, 90000) == [None, None], "a day that will be is none"
    assert moments(45356, "2024-03-05") == [None, DAY]


def test_zones_and_halves_of_the_day_as_browsers_write_them_are_read() -> None:
    meant = datetime(2021, 5, 1, 20, 30, tzinfo=UTC)
    assert moments("Sat May 01 2021 22:30:00 GMT+0200 (Central European Summer Time)") == [meant]
    assert moments("May 1, 2021, 8:30\u202fPM") == moments("May 1, 2021 8:30 p. m.") == [meant]
    assert moments("1 May 2021 21:30 UTC+1") == [meant]


def test_the_clock_stands_as_people_write_it_in_france_and_korea() -> None:
    assert moments("13/05/2021 à 20h30", "13/05/2021 20:30") == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)] * 2
    french = moments("13 mai 2021 à 20:30", "13 mai 2021 20:30", languages=["fr"])
    assert french == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)] * 2
    for language, written in (
        ("es", "13 de mayo de 2021 a las 20:30"),
        ("pt", "13 de maio de 2021 às 20:30"),
        ("de", "13. Mai 2021 um 20:30 Uhr"),
        ("it", "13 maggio 2021 alle ore 20:30"),
        ("nl", "13 mei 2021 om 20:30"),
        ("sv", "13 maj 2021 kl. 20:30"),
        ("ru", "13 мая 2021 в 20:30"),
    ):
        assert moments(written, languages=[language]) == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)], written
    assert (
        moments("2021年5月13日 20時30分", "2021년 5월 13일 20시 30분")
        == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)] * 2
    )
    assert moments("20:30 13/05/2021", "8:30 PM, 13/05/2021") == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)] * 2
    assert moments("13. 5. 2021 v 20:30") == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)]
    assert moments("2021年5月13日 下午8:30") == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)]
    assert moments("2021. 5. 13. 오후 8:30:00") == [datetime(2021, 5, 13, 20, 30, tzinfo=UTC)]


def test_a_name_that_is_that_of_two_months_in_the_branchs_languages_says_nothing() -> None:
    assert moments("5 listopada 2021", languages=["pl"]) == [datetime(2021, 11, 5, tzinfo=UTC)]
    assert moments("5 listopada 2021", languages=["pl", "hr"]) == [None]


def test_summer_time_is_an_hour_ahead_and_months_with_like_beginnings_are_told_apart() -> None:
    assert moments("Apr 06 2009 22:19:45 PDT") == [datetime(2009, 4, 7, 5, 19, 45, tzinfo=UTC)]
    assert moments("1 March 2024", "1 Mar 2024", "1 May 2024", "1 Mai 2024", languages=["de"]) == [
        datetime(2024, 3, 1, tzinfo=UTC),
        datetime(2024, 3, 1, tzinfo=UTC),
        datetime(2024, 5, 1, tzinfo=UTC),
        datetime(2024, 5, 1, tzinfo=UTC),
    ]


def test_a_year_of_two_digits_is_the_nearest_to_now_as_the_c_library_has_it() -> None:
    assert moments("01-Mar-68", "01-Mar-69") == [datetime(2068, 3, 1, tzinfo=UTC), datetime(1969, 3, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("de", "Rezension aus Deutschland vom 5. März 2024"),
        ("fr", "Commenté en France le 5 mars 2024"),
        ("es", "Reseñado en España el 5 de marzo de 2024"),
        ("pt", "5 de março de 2024"),
        ("ru", "5 марта 2024"),
        ("cs", "5. března 2024"),
        ("hu", "2024. március 5."),
        ("el", "5 Μαρτίου 2024"),
        ("he", "5 במרץ 2024"),
        ("ar", "5 مارس 2024"),
        ("hi", "5 मार्च 2024"),
        ("vi", "5 tháng 3, 2024"),
    ],
)
def test_months_are_named_in_the_languages_of_the_branch(language: str, written: str) -> None:
    assert moments(written, languages=[language]) == [DAY]
    assert "not ISO 8601" in why_not(written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("2024", "not ISO 8601"),
        ("20240301 1011", "not ISO 8601"),
        ("2024-W09-5", "not ISO 8601"),
        ("2024-03-01x10:11", "not ISO 8601"),
        ("yesterday", "not ISO 8601"),
        ("3 days ago", "not ISO 8601"),
        ("May 2024", "not ISO 8601"),
        ("True", "not ISO 8601"),
        ("[2024, 3, 1]", "not ISO 8601"),
        ("from May 1, 2024 to May 2, 2024", "more than one date"),
        ("Mar 5, 2024 3:04 PM IST", "the time zone IST is not known"),
        ("2024-02-30", "no such day"),
        ("31 February 2024", "no such day"),
        ("31.02.2024", "no such day"),
        ("20241301", "no such day"),
        ("2024-03-01 25:00", "no such day or time"),
        ("2024-03-01T10:11+99:00", "no such day or time"),
        ("10000000", "no such day"),
        ("17000101", "not in the years 1900 to 2100"),
        ("May 1, 1821", "not in the years 1900 to 2100"),
        ("0001-01-01T00:00+10:00", "not in the years"),
        ("9999-12-31", "not in the years"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=10))), "not in the years"),
        (datetime(1688, 1, 1, tzinfo=UTC), "not in the years"),
    ],
)
def test_what_means_something_else_is_not_read(written: Written, says: str) -> None:
    assert says in why_not(written)


def test_one_date_of_a_column_can_tell_how_all_are_written() -> None:
    february, thirteenth = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 2, 13, tzinfo=UTC)
    assert moments("01.02.2024", "13.02.2024") == [february, thirteenth]
    assert moments("02/01/2024", "02/13/2024") == [february, thirteenth]
    assert moments("02 1, 2024", "02 13, 2024") == [february, thirteenth]
    assert moments("28/02/24 08:30", "99/99/99 08:30") == [datetime(2024, 2, 28, 8, 30, tzinfo=UTC), None]


def test_a_column_that_may_mean_two_days_is_read_by_neither_and_the_reason_holds_the_lines_to_write() -> None:
    reason = why_not("01.02.2024", "03.04.2024")
    lines = [yaml.safe_load(line) for line in reason.split("`")[1::2]]
    columns = [ReviewColumns.model_validate(line) for line in lines]
    assert [each.date.order for each in columns] == ["day_first", "month_first"]
    assert moments("01.02.2024", order="day_first") == [datetime(2024, 2, 1, tzinfo=UTC)]
    assert moments("01.02.2024", order="month_first") == [datetime(2024, 1, 2, tzinfo=UTC)]
    assert "order: year_first" in why_not("01/02/03")
    assert moments("24/03/05", "24/03/05 00:00", order="year_first") == [DAY, DAY]
    assert "have the day first and others the month" in why_not("13.02.2024", "02.13.2024")


@pytest.mark.parametrize("version", ["4.1.1", "4.10.1", "9.0.2"])
def test_a_year_of_one_digit_is_no_year_and_a_version_no_date(version: str) -> None:
    assert why_not(version) == "there is no such day or time"
    assert moments(version, order="day_first") == [None]
    assert moments("4/1/24", "2024/1/4", order="month_first") == [
        datetime(2024, 4, 1, tzinfo=UTC),
        datetime(2024, 1, 4, tzinfo=UTC),
    ]


def test_numbers_since_1970_are_read_where_the_whole_column_can_be_nothing_else() -> None:
    second = datetime(2014, 2, 28, tzinfo=UTC)
    assert moments(1393545600, "1393632000") == [second, second + timedelta(days=1)]
    assert moments("1393545600000", 1393632000000.0) == [second, second + timedelta(days=1)]
    assert moments("1393545600000000", "1393632000000000") == [second, second + timedelta(days=1)]
    assert "not ISO 8601" in why_not("1393545600", "7")
    assert "not ISO 8601" in why_not("500000000", "600000000"), "in 1985"
    assert "not ISO 8601" in why_not("4102444800"), "in 2100"
    assert "not ISO 8601" in why_not("1393545600", "1393632000000")
    assert moments("86400", format="epoch_seconds") == [datetime(1970, 1, 2, tzinfo=UTC)]


def test_a_format_that_the_branch_names_is_the_only_one() -> None:
    assert moments("24-03-05", "05-Mar-24", format="%y-%m-%d") == [DAY, None]
    assert moments("1709596800000000000", format="epoch_nanoseconds") == [DAY]
    assert moments("1e99", "soon", format="epoch_seconds") == [None, None]


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2025, 1, 1), timezones=OFFSETS)  # noqa: DTZ001


@given(MOMENTS)
def test_what_python_writes_is_read(moment: datetime) -> None:
    assert moments(moment.isoformat()) == moments(moment.isoformat(" ")) == [moment]


@settings(deadline=None)
@given(st.lists(MOMENTS.map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC)), min_size=1, max_size=6))
def test_a_column_is_read_right_or_not_at_all(column: list[datetime]) -> None:
    """In no form does any date of a column become another."""
    for form in (
        "%d.%m.%Y %H:%M:%S",
        "%m/%d/%Y %I:%M:%S %p",
        "%y/%m/%d %H:%M:%S",
        "%d-%b-%y %H:%M:%S",
        "%a %b %d %H:%M:%S UTC %Y",
    ):
        written = [moment.strftime(form) for moment in column]
        assert set(moments(*written)) <= {*column, None}
        assert moments(*written, format=form) == column


@given(st.text(st.sampled_from("0123456789"), min_size=1))
def test_digits_alone_are_a_date_only_as_its_parts_or_as_a_number_since_a_known_day(digits: str) -> None:
    [read] = moments(digits)
    since_1970 = [int(digits) / 1000**unit for unit in range(4)]
    of_a_spreadsheet = (int(digits) - 25569) * 86400
    if read and digits not in (f"{read:%Y%m%d}", f"{read:%Y%m%d%H%M%S}"):
        assert pytest.approx(read.timestamp(), abs=1e-3) in [*since_1970, of_a_spreadsheet]
