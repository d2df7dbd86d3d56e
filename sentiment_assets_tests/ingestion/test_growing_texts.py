"""A column of texts is the same whether it was gathered at once or piece by piece."""

from datetime import date

from sentiment_assets.ingestion.growing_texts import GrowingDates, GrowingTexts


def test_texts_come_in_the_order_in_which_they_were_added_and_missing_ones_stay_missing() -> None:
    growing, all_texts = GrowingTexts(), []
    for part in range(70):
        texts = [f"text {part} ä {number}" if number % 7 else None for number in range(1, 1000)]
        growing.extend(texts)
        all_texts += texts
    series = growing.series()
    assert series.dtype == "str"
    assert series.astype(object).where(series.notna(), None).tolist() == all_texts


def test_a_column_may_be_empty_or_hold_nothing() -> None:
    assert GrowingTexts().series().dtype == "str"
    growing = GrowingTexts()
    growing.extend([None, None])
    assert growing.series().dtype == "str"
    assert growing.series().isna().tolist() == [True, True]


def test_dates_of_all_kinds_come_back_as_they_were_added_as_often_as_they_are_asked_for() -> None:
    growing, every = GrowingDates(), list[str | date | None]()
    parts = [["2026-01-01", None], [date(2026, 1, 2), "2026-01-03", None], ["ä"], [None]]
    for number in range(20):
        some = parts[number % 4] * 700
        growing.extend(some)
        every += some
    assert list(growing) == every
    assert list(growing) == every
