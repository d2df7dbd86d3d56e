from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from scipy.stats import beta, binom

from sentiment_assets.monitoring import sample
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.other_batches import OtherBatches, digests_and_labels, look_at_others
from sentiment_assets.monitoring.quality import Quality, RowIdentity, batch_quality, row_identity
from sentiment_assets.monitoring.quality_batch import NOTHING_FOUND, FileFacts, QualityBatch
from sentiment_assets.monitoring.quality_checks import QUALITY_CHECKS
from sentiment_assets.monitoring.settings import MonitoringSettings, QualityLimits
from testing.batches import batch, middling, texts_alone

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ALONE = look_at_others([], [])
FRENCH = "Une histoire très lente, mais les acteurs sont bons et la fin est belle."


def quality_batch(
    reviews: pd.DataFrame,
    quarantined: int = 0,
    duplicates: int = 0,
    *,
    others: OtherBatches = ALONE,
    file: FileFacts = NOTHING_FOUND,
) -> QualityBatch:
    """Reviews of a file with so many rows beside them."""
    return QualityBatch(
        reviews=reviews,
        rows_in=len(reviews) + quarantined + duplicates + file.rows_without_text,
        rows_quarantined=quarantined,
        rows_duplicate=duplicates,
        others=others,
        checked_at=NOW,
        file=file,
    )


def quality(
    reviews: pd.DataFrame, quarantined: int = 0, earlier: pd.DataFrame | None = None, **limits: float
) -> Quality:
    others = look_at_others([digests_and_labels(earlier)] if earlier is not None else [], [])
    settings = MonitoringSettings(quality=QualityLimits(**limits))
    return batch_quality(quality_batch(reviews, quarantined, others=others), settings)


def by_name(found: Quality) -> dict[str, Finding]:
    return {finding.name: finding for finding in found.findings}


def warnings(found: Quality) -> list[str]:
    return [finding.name for finding in found.findings if finding.warns]


def test_a_clean_batch_passes_every_check() -> None:
    found = quality(batch(500))
    assert [finding.name for finding in found.findings] == list(QUALITY_CHECKS)
    assert warnings(found) == []


def spoil(share: float, fault: str, text: str) -> pd.DataFrame:
    reviews = batch(500)
    some = reviews.index < share * 500
    return reviews.assign(text=reviews["text"].mask(some, [f"{text} {word}" for word in reviews["text"]]))


@pytest.mark.parametrize(
    ("fault", "text"),
    [("mojibake", "Itâ€™s"), ("html", "<b>good</b>"), ("wrong_language", FRENCH * 3)],
)
def test_a_tenth_of_faulty_texts_warns_and_names_them(fault: str, text: str) -> None:
    found = quality(spoil(0.15, fault, text))
    assert warnings(found) == [fault]
    assert found.faulty[fault].tolist() == list(range(75))
    assert "75 of 500" in by_name(found)[fault].sentence
    assert warnings(quality(spoil(0.15, fault, text), **{fault: 0.2})) == [], "the branch's own limit counts"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """A batch of so many reviews that a sample of 200 is looked at."""
    monkeypatch.setattr(sample, "MOST_LOOKED_AT", 200)
    return batch(800)


@pytest.mark.parametrize(("fault", "text"), [("mojibake", "Itâ€™s"), ("wrong_language", FRENCH * 3)])
def test_what_costs_much_is_looked_for_in_a_sample_of_a_large_batch(large: pd.DataFrame, fault: str, text: str) -> None:
    spoilt = large.assign(text=large["text"].mask(large.index >= 600, [f"{text} {each}" for each in large["text"]]))
    found = quality(spoilt)
    finding, faulty = by_name(found)[fault], found.faulty[fault]
    assert 30 < len(faulty) < 70, "about a quarter"
    assert faulty.min() >= 600
    assert finding.warns
    assert finding.sentence.startswith(f"{len(faulty)} of 200 ")
    assert finding.sentence.endswith("Looked at: a sample of 200 of 800 reviews.")
    assert finding.surely == pytest.approx(
        float(beta.ppf(MonitoringSettings().quality_alpha, len(faulty), 200 - len(faulty) + 1))
    ), "its interval is that of the sample"
    exact = by_name(found)["duplicates"]
    assert exact.sentence.startswith("0 of 800 ")
    assert "sample" not in exact.sentence


def test_a_template_is_found_where_a_sample_has_too_few_reviews_of_each(large: pd.DataFrame) -> None:
    words = [word for word in dict.fromkeys(" ".join(large["text"]).split()) if word.isalpha()]
    templates = [f"the {one} in front of a {two}" for one in words for two in words][:80]
    texts = [f"{template} {number}" for template in templates for number in range(5)]
    found = quality(pd.concat([large.head(400), texts_alone(texts)], ignore_index=True))
    assert by_name(found)["bot_like"].effect == pytest.approx(0.5, abs=0.1)


def test_one_odd_review_of_ten_does_not_warn() -> None:
    assert warnings(quality(texts_alone([*batch(9)["text"], "?!"]))) == []
    assert warnings(quality(texts_alone(["?!"] * 10), duplicates=1)) == ["empty"]


def test_copies_within_the_batch_and_dropped_rows_are_duplicates() -> None:
    reviews = batch(400)
    copies = pd.concat([reviews, reviews.head(100)], ignore_index=True)
    assert warnings(quality(copies)) == ["duplicates"]
    dropped = batch_quality(quality_batch(reviews, duplicates=100), MonitoringSettings())
    assert by_name(dropped)["duplicates"].sentence.startswith("100 of 500 reviews repeat a text of this batch (20.0 %)")


def test_texts_of_earlier_batches_were_seen_before_unless_they_bring_a_label() -> None:
    reviews = batch(300)
    assert warnings(quality(reviews, earlier=reviews)) == ["seen_before"]
    unlabelled = reviews.assign(label=pd.array([pd.NA] * 300, "Int8"))
    assert warnings(quality(reviews, earlier=unlabelled)) == []
    of_a_label_budget = unlabelled.assign(neutral=[number % 2 == 0 for number in range(300)])
    assert by_name(quality(of_a_label_budget, earlier=unlabelled))["seen_before"].statistic == 150
    assert by_name(quality(of_a_label_budget, earlier=of_a_label_budget))["seen_before"].statistic == 300


def read_from(reviews: pd.DataFrame, rows_quarantined: int = 0, **facts: Any) -> dict[str, Finding]:
    """The findings of reviews that were read from a file of which ``facts`` are known."""
    file = FileFacts(**facts)
    return by_name(batch_quality(quality_batch(reviews, rows_quarantined, file=file), MonitoringSettings()))


def test_quarantined_rows_count_against_all_rows_with_a_text() -> None:
    found = by_name(quality(batch(300), quarantined=100))["quarantined"]
    assert found.warns
    assert found.sentence.startswith(
        "100 of 400 rows of the file that have a text are in quarantine (25.0 %); up to 5.0 % may. See why"
    )


def test_ratings_without_a_text_neither_warn_nor_hide_what_is_in_quarantine() -> None:
    assert not read_from(batch(300), rows_without_text=700)["quarantined"].warns
    found = read_from(batch(300), rows_quarantined=100, rows_without_text=9000)["quarantined"]
    assert found.warns
    assert found.sentence.startswith("100 of 400 ")


@pytest.mark.parametrize(
    ("check", "column", "value"),
    [("unread_dates", "created_at", pd.Timestamp("2026-01-01", tz="UTC")), ("unread_splits", "split", "test")],
)
def test_values_that_could_not_be_read_count_against_all_reviews_that_have_one(
    check: str, column: str, value: object
) -> None:
    reviews = batch(500)
    reviews.loc[:199, column] = value
    few, many = (read_from(reviews, unread={column: unread})[check] for unread in (5, 50))
    assert (few.verdict, many.verdict) == ("ok", "warn")
    assert many.sentence.startswith("50 of 250 reviews have a ")
    assert read_from(batch(500))[check].verdict == "unknown", "no review has one"
    assert read_from(batch(500), unread={column: 500})[check].warns


def test_a_column_that_the_branch_names_and_the_file_lacks_warns_and_names_those_there_are() -> None:
    found = read_from(batch(50), columns_found=["text", "rating"], columns_missing=["stars"])["missing_columns"]
    assert found.warns
    assert found.sentence.startswith(
        "The file lacks “stars”, which the branch names; it has “text”, “rating”. Ask the client for them, or"
    )
    assert read_from(batch(50), columns_found=["text"])["missing_columns"].verdict == "ok"
    settings = MonitoringSettings(quality=QualityLimits(missing_columns=1))
    facts = FileFacts(columns_found=["text"], columns_missing=["stars"])
    allowed = batch_quality(quality_batch(batch(50), file=facts), settings)
    assert not by_name(allowed)["missing_columns"].warns


def test_all_quality_checks_of_a_batch_together_keep_the_promise_of_alpha() -> None:
    """So the one that looks at a share may take chance for a fault in its part of ``alpha`` only."""
    settings = MonitoringSettings()
    least = int(binom.isf(settings.alpha / len(QUALITY_CHECKS), 1000, settings.quality.quarantined)) + 1
    for count, said in ((least - 1, "ok"), (least, "warn")):
        found = by_name(quality(batch(1000 - count), quarantined=count))["quarantined"]
        assert (found.verdict, binom.sf(count - 1, 1000, 0.05) < 0.01) == (said, True)


def test_any_date_in_the_future_warns() -> None:
    reviews = batch(100)
    reviews.loc[7, "created_at"] = pd.Timestamp("2027-01-01", tz="UTC")
    found = quality(reviews)
    assert warnings(found) == ["future_dates"]
    assert found.faulty["future_dates"].tolist() == [7]


def test_a_batch_of_one_class_warns_when_there_are_enough_labels() -> None:
    assert warnings(quality(batch(500, positive_share=1))) == ["label_balance"]
    assert warnings(quality(batch(5, positive_share=1))) == []


def test_identical_texts_are_duplicates_and_nothing_else() -> None:
    assert warnings(quality(texts_alone(["the very same words"] * 100))) == ["duplicates"]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_no_reviews_say_little(n: int) -> None:
    found = quality(batch(n))
    assert warnings(found) == []
    if n == 0:
        assert {finding.verdict for finding in found.findings} == {"unknown"}


def test_without_labels_the_balance_is_unknown() -> None:
    assert (
        by_name(quality(texts_alone(["fine", "good"])))["label_balance"].sentence
        == "No review of the batch has a label."
    )


def praise_and_blame(n: int, praised: float, blamed: float) -> pd.DataFrame:
    """As many reviews that praise as that blame, of which these shares are positive."""
    reviews = batch(2 * n)
    words = ["excellent"] * n + ["terrible"] * n
    reviews["text"] = [f"{word}: {text}" for word, text in zip(words, middling(2 * n)["text"], strict=True)]
    positive = [number < praised * n for number in range(n)] + [number < blamed * n for number in range(n)]
    return reviews.assign(label=pd.array(positive, "boolean").astype("Int8"))


def test_labels_that_do_not_go_with_the_words_of_the_reviews_warn_when_there_are_enough() -> None:
    upside_down = quality(praise_and_blame(20, praised=0.1, blamed=0.9))
    assert warnings(upside_down) == ["labels_and_words"]
    sentence = by_name(upside_down)["labels_and_words"].sentence
    assert "20 labelled reviews with words of praise 10.0 % are positive, of 20 with words of blame 90.0 %" in sentence
    assert sentence.endswith("look at the label rule, and at the column of the label.")
    assert warnings(quality(praise_and_blame(500, praised=0.4, blamed=0.5))) == ["labels_and_words"]
    assert warnings(quality(praise_and_blame(8, praised=0.3, blamed=0.7))) == [], "chance might do that"
    assert warnings(quality(praise_and_blame(500, praised=0.99, blamed=0.97))) == [], "hardly any is negative"
    assert warnings(quality(praise_and_blame(500, praised=0.8, blamed=0.4))) == []


def test_without_words_that_are_known_nothing_is_said_of_labels() -> None:
    found = by_name(quality(batch(100).assign(text=[f"tent number {number}" for number in range(100)])))
    assert found["labels_and_words"].verdict == "unknown"


def test_expected_languages_can_be_named() -> None:
    french = texts_alone([f"{FRENCH} {word}" for word in batch(100)["text"]])
    assert warnings(quality(french)) == [], "without any named, the batch's own is expected"
    settings = MonitoringSettings(languages=["en"])
    found = batch_quality(quality_batch(french), settings)
    assert warnings(found) == ["wrong_language"]


def test_rows_add_up() -> None:
    result = row_identity(
        rows_in=3010, rows_kept=1000, rows_quarantined=7, rows_without_text=2000, rows_duplicate=3, lines={}
    )
    assert result.holds
    assert (
        result.sentence
        == "3,010 rows in the file; 1,000 kept, 7 in quarantine, 2,000 without text and 3 duplicates make 3,010."
    )


def test_rows_of_forgotten_reviews_count_too() -> None:
    result = row_identity(
        rows_in=10, rows_kept=6, rows_quarantined=1, rows_without_text=0, rows_duplicate=1, rows_forgotten=2, lines={}
    )
    assert result.holds
    assert "0 without text, 2 forgotten and 1 duplicates make 10." in result.sentence


def test_a_lost_or_doubled_row_is_seen() -> None:
    for kept in (9, 11):
        assert not row_identity(
            rows_in=10, rows_kept=kept, rows_quarantined=0, rows_without_text=0, rows_duplicate=0, lines={}
        ).holds


@pytest.mark.parametrize("lines", [11, 13])
def test_a_line_that_is_neither_a_row_nor_within_one_is_seen(lines: int) -> None:
    def identity(lines: int) -> RowIdentity:
        counted = {"lines": lines, "lines_of_header": 1, "lines_in_fields": 3, "lines_passed_over": 2}
        return row_identity(
            rows_in=6, rows_kept=6, rows_quarantined=0, rows_without_text=0, rows_duplicate=0, lines=counted
        )

    assert identity(12).holds
    assert not identity(lines).holds
    assert "6 rows, 1 of the header, 3 within fields and 2 passed over make 12." in identity(lines).sentence


@pytest.mark.parametrize(("passed_over", "holds"), [(1, True), (0, False)])
def test_a_file_of_a_folder_that_is_neither_a_row_nor_passed_over_is_seen(passed_over: int, holds: bool) -> None:
    counted = {"lines": 7, "lines_of_header": 0, "lines_in_fields": 0, "lines_passed_over": passed_over, "files": 7}
    found = row_identity(
        rows_in=6, rows_kept=6, rows_quarantined=0, rows_without_text=0, rows_duplicate=0, lines=counted
    )
    assert found.holds == holds
    assert f"7 files: 6 rows and {passed_over} passed over make {6 + passed_over}." in found.sentence
