from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.reporting.headline import headline_of
from sentiment_assets.reporting.intervals import Band, difference, net_sentiment

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def row(period: str, positive: int, n: int) -> dict[str, object]:
    band = net_sentiment(positive, n)
    corrected = {"adjusted": band.value, "adjusted_low": band.low, "adjusted_high": band.high}
    counted = {"net_sentiment": band.value, "net_low": band.low, "net_high": band.high}
    return {"period": period, "reviews": n, "neutral": 0, "unrecognised": 0, **corrected, **counted}


def figures(whole: tuple[int, int], **periods: tuple[int, int]) -> pd.DataFrame:
    months = [row(f"2026-{name[1:]}-01", *each) for name, each in periods.items()]
    return pd.DataFrame([row("all", *whole), *months])


@pytest.mark.parametrize(
    ("positive", "n", "lean"),
    [
        (5_025, 10_000, "even"),
        (12, 20, "unclear"),
        (5_500, 10_000, "positive"),
        (9_000, 10_000, "mostly_positive"),
        (4_500, 10_000, "negative"),
        (1_000, 10_000, "mostly_negative"),
    ],
)
def test_which_way_reviewers_lean_is_read_from_the_band(positive: int, n: int, lean: str) -> None:
    assert headline_of(figures((positive, n)), "", NOW).lean == lean


def test_compared_are_the_last_two_complete_periods_that_have_enough_reviews() -> None:
    months = figures((900, 1_800), m07=(20, 100), m08=(80, 100), m09=(9, 10), m10=(85, 100), m11=(1, 100))
    change = headline_of(months, "month", NOW).change
    assert change is not None
    assert (change.now, change.before) == ("2026-10-01", "2026-08-01"), "November goes on, September has ten reviews"
    assert change.value.value == pytest.approx(0.1)
    assert not change.is_sure
    assert headline_of(months.drop(2), "month", NOW).change.is_sure  # type: ignore[union-attr]


def test_neutral_reviews_and_such_of_which_nothing_is_known_do_not_make_a_period_large_enough() -> None:
    months = figures((900, 1_800), m08=(80, 100), m09=(20, 100), m10=(85, 100))
    months.loc[2, ["neutral", "unrecognised"]] = [40, 31]
    change = headline_of(months, "month", NOW).change
    assert change is not None
    assert (change.now, change.before) == ("2026-10-01", "2026-08-01")


def test_periods_that_lie_far_apart_or_are_cut_by_the_days_of_a_report_are_not_compared() -> None:
    far = figures((900, 1_800), m01=(20, 100), m10=(80, 100))
    assert headline_of(far, "month", NOW).change is None
    months = figures((900, 1_800), m08=(80, 100), m09=(85, 100), m10=(20, 100))
    within = date(2026, 8, 1), date(2026, 10, 15)
    change = headline_of(months, "month", NOW, within).change
    assert change is not None
    assert (change.now, change.before) == ("2026-09-01", "2026-08-01"), "October is cut"
    assert headline_of(months, "month", NOW, (date(2026, 8, 2), date(2026, 10, 15))).change is None


def test_with_one_complete_period_nothing_is_compared() -> None:
    assert headline_of(figures((50, 100), m10=(50, 100), m11=(50, 100)), "month", NOW).change is None
    assert headline_of(figures((50, 100)), "", NOW).change is None


def test_corrected_figures_are_compared_with_corrected_ones_only() -> None:
    months = figures((100, 200), m08=(60, 100), m10=(80, 100))
    months.loc[1, ["adjusted", "adjusted_low", "adjusted_high"]] = None
    months.loc[2, ["adjusted", "adjusted_low", "adjusted_high"]] = [0.9, 0.8, 0.95]
    change = headline_of(months, "month", NOW).change
    assert change is not None
    assert change.value.value == pytest.approx(0.4), "as counted, both"


def test_two_bands_that_overlap_may_differ_surely() -> None:
    earlier, later = Band(0.0, -0.1, 0.1), Band(0.15, 0.05, 0.25)
    assert difference(later, earlier).low == pytest.approx(0.15 - 0.02**0.5)
    assert difference(later, earlier).low > 0


BANDS = st.tuples(st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 0.5)).map(
    lambda each: Band(each[0], each[0] - each[1], each[0] + each[2])
)


@given(BANDS, BANDS)
def test_a_difference_the_other_way_round_is_its_mirror_and_no_surer_than_its_parts(one: Band, other: Band) -> None:
    there, back = difference(one, other), difference(other, one)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.high - there.low >= max(one.high - one.low, other.high - other.low) - 1e-9
    assert there.high - there.low <= (one.high - one.low) + (other.high - other.low) + 1e-9
