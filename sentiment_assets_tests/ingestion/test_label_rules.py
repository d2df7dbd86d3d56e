"""A rule that is proposed says what people mean by such values, or leaves the question to them."""

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_assets.ingestion.label_rules import (
    meaning_of,
    proposed_rule,
    proposed_rule_for_words,
    rule_of_classes,
)
from sentiment_assets.ingestion.labels import read_label
from sentiment_assets.ingestion.settings import LabelRule, label_key

STARS = {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5}


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Positive", "positive"),
        ("NEG", "negative"),
        ("Not Recommended", "negative"),
        ("Tarafsız", "neutral"),
        ("netral", "neutral"),
        ("Tidak puas", "negative"),
        ("Cukup puas", "neutral"),
        ("Trung tính", "neutral"),
        ("やや不満", "negative"),
        ("どちらともいえない", "neutral"),
        ("مثبت", "positive"),
        ("منفی", "negative"),
        ("নেতিবাচক", "negative"),
        ("Bearish", "negative"),
        ("SAD", "negative"),
        ("LABEL_POSITIVE", "positive"),
        ("LABEL_0", None),
        ("Negative emotion", "negative"),
        ("not bad", "positive"),
        ("Extremely Negative", "negative"),
        ("very satisfied", "positive"),
        ("Positive review", "positive"),
        ("👍🏽", "positive"),
        ("👎", "negative"),
        ("Thumbs up", "positive"),
        ("差评", "negative"),
        ("mixed", "neutral"),
        ("neu", "neutral"),
        ("Neither satisfied nor dissatisfied", "neutral"),
        ("weder zufrieden noch unzufrieden", "neutral"),
        ("eher unzufrieden", "negative"),
        ("Très satisfait", "positive"),
        ("Peu satisfait", "negative"),
        ("Pas du tout satisfait", "negative"),
        ("gar nicht zufrieden", "negative"),
        ("Not at all satisfied", None),
        ("Nein", "negative"),
        ("Sì", "positive"),
        ("5 - Very satisfied", "positive"),
        ("1 (Not satisfied)", "negative"),
        ("3. Neither satisfied nor dissatisfied", "neutral"),
        ("Tout à fait satisfait", "positive"),
        ("Plutôt pas satisfait", "negative"),
        ("Bardzo zła", "negative"),
        ("Nie polecam", "negative"),
        ("Velmi spokojen", "positive"),
        ("Memnun değil", "negative"),
        ("Хорошо", "positive"),
        ("Очень плохо", "negative"),
        ("非常满意", "positive"),
        ("مرض", None),
        ("راض جدا", "positive"),
        ("غير راض", "negative"),
        ("מאוד לא מרוצה", "negative"),
        ("Không hài lòng", "negative"),
        ("Varken eller", "neutral"),
        ("Promoters", "positive"),
        ("Promoteurs", "positive"),
        ("Detrator", "negative"),
        ("Passivi", "neutral"),
        ("P+", "positive"),
        ("Maybe", "neutral"),
        ("Peut-être", "neutral"),
        ("5", None),
        ("5 - 7", None),
        ("zig", None),
        ("", None),
    ],
)
def test_the_words_of_labels_are_known(word: str, meaning: str | None) -> None:
    assert meaning_of(word) == meaning


@pytest.mark.parametrize(
    ("values", "column", "rule"),
    [
        ("1 2 3 4 5", "score", STARS),
        ("5 4", "rating", STARS),
        ("1 3", "stars", STARS),
        ("0 1 2 3 4 5", "stars", STARS | {"lowest": 0}),
        ("0.5 3 5", "score", STARS | {"lowest": 0}),
        ("4.37 3.1 2.25", "score", STARS),
        ("0 3 9 10", "answer", {"positive_from": 9, "negative_to": 6, "lowest": 0, "highest": 10}),
        ("7 9", "nps", {"positive_from": 9, "negative_to": 6, "lowest": 0, "highest": 10}),
        ("0 3 9 10", "rating", {"positive_from": 7.5, "negative_to": 2.5, "lowest": 0, "highest": 10}),
        ("-0.4 0.8 0.1", "compound", {"positive_from": 0.5, "negative_to": -0.5, "lowest": -1, "highest": 1}),
        ("0.2 0.9", "probability", {"positive_from": 0.75, "negative_to": 0.25, "lowest": 0, "highest": 1}),
        ("0 4", "polarity", {"positive": ["4"], "negative": ["0"]}),
        ("0 2 4", "polarity", {"positive": ["4"], "negative": ["0"], "neutral": ["2"]}),
        ("0 1 2", "label", {"positive": ["2"], "negative": ["0"], "neutral": ["1"]}),
        ("12 22 55 56 85 97", "score", {"positive_from": 75, "negative_to": 25, "lowest": 0, "highest": 100}),
        ("8 10 12 14 16 18", "note", {"positive": ["14", "16", "18"], "negative": ["8", "10", "12"]}),
        (
            "1 2 5",
            "Rating (1 = very good, 5 = very bad)",
            {"positive": ["1", "2"], "negative": ["4", "5"], "neutral": ["3"]},
        ),
        ("1 3 5", "Rating (1 = bad, 5 = good)", STARS),
        (
            "1 2 6",
            "Rating (1 = very bad, 7 = very good)",
            {"positive_from": 5.5, "negative_to": 2.5, "lowest": 1, "highest": 7},
        ),
        (
            "0 2 4",
            "Rating (0 = poor, 4 = excellent)",
            {"positive_from": 3, "negative_to": 1, "lowest": 0, "highest": 4},
        ),
        (
            "1 2 5",
            "On a scale from 1 to 5, where 1 means very satisfied and 5 means very dissatisfied",
            {"positive": ["1", "2"], "negative": ["4", "5"], "neutral": ["3"]},
        ),
        ("1 2 5", "1 means very dissatisfied and 5 means very satisfied", STARS),
        ("1 5", "1 (best) to 3 (worst)", {"positive": ["1", "2"], "negative": ["4", "5"], "neutral": ["3"]}),
        ("1 2 3", "Rate it (1 - excellent, 3 - poor)", {"positive": ["1"], "negative": ["3"], "neutral": ["2"]}),
        ("3.5 10 18", "Note /20", {"positive_from": 15, "negative_to": 5, "lowest": 0, "highest": 20}),
        ("1 2 5", "effort (1-7)", {"positive_from": 5.5, "negative_to": 2.5, "lowest": 1, "highest": 7}),
        ("1 2 5", "rated from 0 to 100", {"positive_from": 75, "negative_to": 25, "lowest": 0, "highest": 100}),
        ("3 9 10", "recommend us (0-10)", {"positive_from": 9, "negative_to": 6, "lowest": 0, "highest": 10}),
        ("3 8 9", "score_0_10", {"positive_from": 7.5, "negative_to": 2.5, "lowest": 0, "highest": 10}),
        ("1 2 3", "q7_1_5", STARS),
        ("1 3 5", "2024-10-05 score", STARS),
        ("1 2 6", "Schulnote", {"positive": ["1", "2"], "negative": ["5", "6"], "neutral": ["3", "4"]}),
    ],
)
def test_numbers_have_the_rule_of_their_scale(values: str, column: str, rule: dict[str, object]) -> None:
    proposed = proposed_rule(Counter(map(label_key, values.split())), LabelRule(), column)
    assert proposed.rule == rule
    LabelRule.model_validate(rule)


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (["neg", "pos"], {}),
        (["positive", "negative"], {"positive": ["0"], "negative": ["1"]}),
        (["negative", "neutral", "positive"], {"positive": ["2"], "negative": ["0"], "neutral": ["1"]}),
        (["zig", "pos"], None),
        (["1 star", "2 stars"], None),
        ([], None),
    ],
)
def test_classes_with_known_names_have_the_rule_of_their_names(
    names: list[str], rule: dict[str, object] | None
) -> None:
    proposed = rule_of_classes(names)
    assert (proposed and proposed.rule) == rule


def test_a_scale_that_is_named_is_sure_and_classes_are_a_guess() -> None:
    assert proposed_rule(Counter(["4/5", "1/5"]), LabelRule(), "x").sure == "sure"
    assert proposed_rule(Counter(["1", "2"]), LabelRule(), "x").sure == "a guess"


@pytest.mark.parametrize(
    ("values", "highest"),
    [
        ({"1": 60, "3": 20, "5": 119, "7": 1}, 5),
        ({"1": 60, "3": 20, "5": 118, "7": 2}, 5),
        ({"1": 60, "3": 20, "5": 117, "7": 3}, 10),
        ({"1": 60, "4": 20, "9": 118, "55": 2}, 10),
        ({"1": 3, "5": 3, "7": 1}, 10),
    ],
)
def test_a_few_slips_above_a_scale_do_not_make_it_another_one(values: dict[str, int], highest: int) -> None:
    proposed = proposed_rule(Counter(values), LabelRule(), "stars")

    assert proposed.rule["highest"] == highest
    assert proposed.sure == ("a guess" if highest == 10 and "9" not in values else "likely")


def test_where_the_best_mark_may_be_6_or_7_the_scale_is_a_guess_and_the_other_one_is_told() -> None:
    proposed = proposed_rule(Counter({"1": 9, "2": 9, "4": 9, "6": 9, "7": 9}), LabelRule(), "ces")

    assert (proposed.rule["highest"], proposed.sure) == (10, "a guess")
    assert "none is above 7" in proposed.why
    assert "{positive_from: 5.5, negative_to: 2.5, lowest: 1, highest: 7}" in proposed.why


def test_a_scale_of_which_nobody_knows_which_end_is_better_is_a_guess() -> None:
    known, unknown = (
        proposed_rule(Counter("127"), LabelRule(), f"How was it? (1 = very {worst}, 7 = very {best})")
        for worst, best in (("bad", "good"), ("difficult", "easy"))
    )
    assert known.rule == unknown.rule == {"positive_from": 5.5, "negative_to": 2.5, "lowest": 1, "highest": 7}
    assert (known.sure, unknown.sure) == ("likely", "a guess")


@pytest.mark.parametrize(
    "answers",
    [
        "sehr gut (1), gut (2), befriedigend (3), mangelhaft (5), ungenügend (6)",
        "Ótimo, Muito bom, Regular, Ruim, Péssimo",
        "Ottima, Buona, Neutrale, Scarsa, Pessima",
        "Très bien, Bien, Moyenne, Mal, Très mal",
        "Heel goed, Goed, Gemiddeld, Slecht, Heel slecht",
        "Bardzo dobrze, Dobrze, Średnio, Źle, Bardzo źle",
        "Výborně, Dobře, Průměrně, Špatně, Velmi špatně",
        "Çok memnunum, Memnunum, Kararsızım, Memnun değilim, Hiç memnun değilim",
        "Mükemmel, İyi, Orta, Kötü, Berbat",
        "Полностью удовлетворен, Хорошо, Удовлетворительно, Не удовлетворен, Ужасно",
        "Повністю задоволений, Відмінно, Задовільно, Погано, Незадоволений",
        "Πολύ καλή, Καλή, Μέτρια, Κακή, Απαράδεκτη",
        "Kiváló, Jó, Közepes, Rossz, Nagyon rossz",
        "Erittäin hyvä, Hyvä, Kohtalainen, Huono, Erittäin huono",
        "Mycket bra, Bra, Varken bra eller dåligt, Dåligt, Inte alls nöjd",
        "Meget godt, God, Hverken tilfreds eller utilfreds, Dårlig, Meget dårligt",
        "Foarte bine, Bine, Nici mulțumit nici nemulțumit, Slab, Foarte rău",
        "Rất tốt, Tốt, Trung bình, Kém, Rất tệ",
        "Sangat puas, Memuaskan, Biasa saja, Kurang memuaskan, Sangat tidak puas",
        "ดีมาก, ดี, ปานกลาง, ไม่ดี, แย่มาก",
        "बहुत अच्छा, अच्छा, औसत, खराब, बहुत खराब",
        "ممتازة, جيد جدا, متوسط, سيئ, سيء جدا",
        "מצוין, טוב מאוד, בינוני, גרוע, גרוע מאוד",
        "عالی, خیلی خوب, معمولی, بد, ناراضی",
        "매우 좋음, 좋음, 보통이다, 나쁨, 매우 나쁨",
        "非常に満足, 満足, ふつう, 不満, 非常に不満",
        "非常满意, 比较满意, 一般, 不太满意, 糟糕",
    ],
)
def test_a_scale_of_answers_is_understood_from_its_best_to_its_worst(answers: str) -> None:
    meanings = ["positive", "positive", "neutral", "negative", "negative"]
    assert [meaning_of(answer) for answer in answers.split(", ")] == meanings


def test_marks_of_which_none_is_good_on_their_scale_are_a_guess_since_1_may_be_the_best() -> None:
    proposed = proposed_rule(Counter({"1.0": 30, "1.2": 20, "3.0": 5, "5.8": 9, "6.0": 2}), LabelRule(), "note")

    assert (proposed.rule["highest"], proposed.sure) == (10, "a guess")
    assert proposed.why.endswith("if 1 is, turn it round")


@pytest.mark.parametrize(
    ("values", "neutral"),
    [("-1 1 2 3 4 5", ["3", "-1"]), ("-1 1 2.5 4.5 5", ["2.5", "3", "3.5", "-1"])],
)
def test_minus_one_beside_ratings_says_that_there_is_none(values: str, neutral: list[str]) -> None:
    proposed = proposed_rule(Counter(values.split()), LabelRule(), "rating")

    assert (proposed.rule["neutral"], proposed.sure) == (neutral, "a guess")
    rule = LabelRule.model_validate(proposed.rule)
    assert [read_label(each, "rating", rule) for each in ("5", "1", "-1")] == [1, 0, None]


def test_minus_one_among_other_numbers_is_one_of_them() -> None:
    assert proposed_rule(Counter(["-1", "0", "1"]), LabelRule(), "sentiment").rule["negative"] == ["-1"]
    assert proposed_rule(Counter(["-2", "-1", "1", "2"]), LabelRule(), "sentiment").rule["negative"] == ["-2", "-1"]


def test_no_star_at_all_may_say_that_there_is_no_rating() -> None:
    why = proposed_rule(Counter(["0", "1", "5", "4"]), LabelRule(), "stars").why
    assert why.endswith("and that 0 does not say that there is no rating")


def test_slips_above_a_scale_are_told() -> None:
    proposed = proposed_rule(Counter({"1": 60, "3": 20, "5": 118, "7": 1, "50": 1}), LabelRule(), "stars")

    assert proposed.why == (
        "nearly all are ratings from 1 to 5; 2 ratings are above it (7, 50); check that more is better"
    )


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (["Recommended", "Not Recommended"], [1, 0]),
        (["yes", "No", "YES"], [1, 0, 1]),
        (["Fresh", "Rotten"], [1, 0]),
        (["positiv", "negativ", "neutral"], [1, 0, None]),
        (["gut", "super", "schlecht", "mies", "naja"], [1, 1, 0, 0, None]),
        (["👍", "👎"], [1, 0]),
        (["positive"], [1]),
        (["complaint"], [0]),
    ],
)
def test_words_are_read_by_the_rule_that_is_proposed_for_them(words: list[str], labels: list[int | None]) -> None:
    rule = LabelRule.model_validate(proposed_rule_for_words(Counter(words)).rule)
    assert [read_label(word, "label", rule) for word in words] == labels


def test_a_rule_is_left_out_where_the_default_means_the_same_and_where_nobody_knows() -> None:
    default = proposed_rule_for_words(Counter(["Positive", "neg", "TRUE"]))
    assert (default.rule, default.sure, default.unknown) == ({}, "sure", ())
    unknown = proposed_rule_for_words(Counter(["zig", "zag", "zig"]))
    assert (unknown.rule, unknown.sure, unknown.unknown) == ({}, "a guess", ("zig", "zag"))


def test_a_value_that_nobody_knows_stands_nowhere_and_is_told() -> None:
    proposed = proposed_rule_for_words(Counter({"good": 3, "bad": 2, "zig": 1}))
    assert (proposed.rule, proposed.unknown) == ({"positive": ["good"], "negative": ["bad"]}, ("zig",))
    assert proposed.why == "zig: in quarantine until somebody says what is meant"


@pytest.mark.parametrize("words", [{"good": 2, "bad": 1, "zig": 4}, {"good": 3, "zig": 1}, {"bad": 3, "zig": 1}])
def test_where_most_is_unknown_or_a_whole_side_there_is_no_rule(words: dict[str, int]) -> None:
    proposed = proposed_rule_for_words(Counter(words))
    assert (proposed.rule, proposed.sure, proposed.unknown) == ({}, "a guess", ("zig",))


@pytest.mark.parametrize(
    ("values", "column", "sure"),
    [
        ("1 2 3 4 5", "score", "likely"),
        ("1 2 3 4 5", "Note", "likely"),
        ("1 2 3 4 5", "star_rating", "sure"),
        ("1 2 3 4 5", "Sterne", "sure"),
        ("1 2 5", "étoiles", "sure"),
        ("ONE TWO FIVE", "value", "sure"),
        ("★★ ★★★★★", "value", "sure"),
    ],
)
def test_that_more_is_better_is_sure_where_stars_or_ratings_are_spoken_of(values: str, column: str, sure: str) -> None:
    proposed = proposed_rule(Counter(map(label_key, values.split())), LabelRule(), column)
    assert (proposed.rule, proposed.sure) == (STARS, sure)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
@example([-1.5])
@example([-1.7e308, 0.5, 1.7e308])
def test_the_rule_of_any_numbers_is_one(numbers: list[float]) -> None:
    proposed = proposed_rule(Counter(label_key(each) for each in numbers), LabelRule())
    LabelRule.model_validate(proposed.rule)
