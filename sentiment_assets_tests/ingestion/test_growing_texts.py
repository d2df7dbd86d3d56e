"""A column of texts is the same whether it was gathered at once or piece by piece."""

from sentiment_assets.ingestion.growing_texts import GrowingTexts


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
