"""Roles are found by values first and by names second, and what only looks like a role has none."""

from collections.abc import Sequence

import pytest

from sentiment_assets.ingestion.preview.columns import Column
from sentiment_assets.ingestion.preview.names import is_a_known_name, is_a_pair, suggests, words_in
from sentiment_assets.ingestion.preview.roles import Roles, find_roles
from sentiment_assets_tests.ingestion.preview.shapes import ISO, SIGNS, STARS, TEXTS

COUNT = len(TEXTS)


def found(named: bool = True, **columns: Sequence[object]) -> Roles:
    return find_roles([Column(name, tuple(values), COUNT) for name, values in columns.items()], named=named)


def test_the_longest_distinct_texts_are_the_text_whatever_they_are_called() -> None:
    roles = found(a=["one of two", "two of two"] * 12, b=TEXTS, c=["short one"] * COUNT)
    assert roles.of("text") == ("b",)
    assert [each.sure for each in roles.roles if each.role == "text"] == ["likely"], "no name says so"


@pytest.mark.parametrize("name", ["reply_text", "developerResponse", "product_description", "image_url"])
def test_a_name_that_speaks_against_it_outweighs_longer_texts(name: str) -> None:
    longer = [f"{text} and {text}" for text in TEXTS]
    assert found(**{name: longer}, comment=TEXTS).of("text") == ("comment",)


def test_a_translation_is_the_text_only_where_there_is_no_other() -> None:
    longer = [f"{text} as they say" for text in TEXTS]
    assert found(comment_translated=longer, comment_original=TEXTS).of("text") == ("comment_original",)
    assert found(Translated_Review=TEXTS, App=["Tent app", "Lamp app"] * 12).of("text") == ("Translated_Review",)


def test_a_text_whose_name_says_of_something_else_is_a_guess() -> None:
    streets = [f"Long street of the saints, number {place}" for place in range(COUNT)]
    for name, sure in (("direccion", "a guess"), ("Adresse", "a guess"), ("response_text", "likely"), ("x", "likely")):
        [text] = [each for each in found(**{name: streets}, stars=STARS).roles if each.role == "text"]
        assert (text.column, text.sure) == (name, sure)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("{label}: {text}", "each text begins with what seems to be its label, such as 'positive:'"),
        ("{label},{text}", "each text begins with what seems to be its label, such as 'positive,'"),
        ("{text}@{label}", "each text ends with what seems to be its label, such as '@positive'"),
    ],
)
def test_texts_that_hold_their_labels_are_a_guess_and_told(form: str, said: str) -> None:
    labelled = zip(TEXTS, ["positive", "negative"] * 12, strict=True)
    roles = found(text=[form.format(text=text, label=label) for text, label in labelled])
    assert roles.roles[0].sure == "a guess"
    assert any(told.startswith(said) for told in roles.told)


def test_a_frame_around_a_table_names_no_text() -> None:
    roles = found(**{"+----+--------+": [f"| {place} | {text} |" for place, text in enumerate(TEXTS)]})
    assert [each.sure for each in roles.roles] == ["a guess"]


def test_lines_that_are_the_fields_of_records_are_a_guess_and_told() -> None:
    lines = [line for text in TEXTS for line in ("review/userId: A1", "review/score: 5.0", f"review/text: {text}")]
    roles = find_roles([Column("product/productId: B1", tuple(lines), len(lines))])
    assert roles.roles[0].sure == "a guess"
    assert "its lines seem to be the fields of records, such as 'review/userId' and 'review/score'" in roles.told[0]
    assert not found(text=[f"Pros: {text}" for text in TEXTS]).told, "each text begins so, and has its own row"


def test_what_all_reviews_are_about_is_no_label() -> None:
    assert found(text=TEXTS, Target=["Tents"] * COUNT, Stance=["FAVOR", "AGAINST"] * 12).of("label") == ("Stance",)
    assert found(text=TEXTS, rating=["5"] * COUNT).of("label") == ("rating",), "all of them are content"


def test_the_same_few_words_and_the_files_of_pictures_are_no_text() -> None:
    assert found(region=["Colombia", "Peru"] * 12, stars=STARS).of("text") == ()
    assert found(comment=["Great", "Poor"] * 12, stars=STARS).of("text") == ("comment",), "its name says so"
    assert found(picture=[f"data/pic_{place}.png" for place in range(COUNT)]).of("text") == ()


def test_a_label_in_a_list_of_one_is_found_and_one_of_several_is_not() -> None:
    assert found(text=TEXTS, label=[["positive"], ["negative"]] * 12).of("label") == ("label",)
    assert found(text=TEXTS, label=[["positive"], ["positive", "negative"]] * 12).of("label") == ()


@pytest.mark.parametrize(("good", "bad"), [("baik", "buruk"), ("Hyvä", "Huono"), ("İyi", "Kötü"), ("Goed", "Slecht")])
def test_what_is_good_and_bad_may_be_said_of_a_thing_in_any_language(good: str, bad: str) -> None:
    roles = found(text=TEXTS, state=[good, bad] * 12)
    assert roles.rule is not None
    assert roles.rule.sure == "a guess"


def test_where_a_date_cannot_be_read_it_is_no_question_of_labels() -> None:
    assert found(text=TEXTS, Review_Date=["2 months ago", "3 years ago"] * 12).of("label") == ()


def test_a_label_may_be_an_emotion_that_is_called_one() -> None:
    answers = ["Positive emotion", "Negative emotion", "No emotion toward brand or product", *["Positive emotion"] * 3]
    roles = found(text=TEXTS, brand=["a", "b"] * 12, directed_at_a_brand=answers * 4)
    assert roles.of("label") == ("directed_at_a_brand",)


def test_a_title_beside_the_text_is_taken_and_a_products_title_is_not() -> None:
    short = [f"Short {place}" for place in range(COUNT)]
    assert found(**{"title.label": short, "content.label": TEXTS}).of("title") == ("title.label",), "a feed of Atom"
    assert found(headline=short, body=TEXTS).of("title") == ("headline",)
    assert found(product_title=short, body=TEXTS).of("title") == ()
    assert found(title=["Tent Deluxe", "Lamp Mini"] * 12, body=TEXTS).of("title") == (), "it repeats"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("helpful_votes", [0, 0, 3, 1] * 6),
        ("thumbsUpCount", [0, 5, 0, 1] * 6),
        ("likes", [0, 0, 0, 9] * 6),
        ("Unnamed: 0", list(range(COUNT))),
        ("rating_id", list(range(70, 70 + COUNT))),
        ("score", [1000 + place for place in range(COUNT)]),
        ("verified_purchase", ["Yes", "No"] * 12),
        ("sentiment_confidence", [0.3, 0.9] * 12),
        ("quantity", [1, 2] * 12),
        ("price", [4.5, 9.0] * 12),
        ("importance_rating", [1, 5] * 12),
        ("weight_class", [1, 3] * 12),
    ],
)
def test_counters_ids_and_other_numbers_are_no_rating(name: str, values: Sequence[object]) -> None:
    assert found(text=TEXTS, **{name: values}).of("label") == ()


@pytest.mark.parametrize(
    ("name", "values"),
    [("is_complaint", ["True", "False"]), ("Did you have any problem?", ["Yes", "No"]), ("negative_sentiment", [1, 0])],
)
def test_a_yes_to_something_bad_is_no_label_by_itself_and_told(name: str, values: Sequence[object]) -> None:
    roles = found(text=TEXTS, **{name: values * 12})
    assert roles.of("label") == ()
    assert any(each.startswith(f"{name} seems to say yes to something bad, or how bad it is") for each in roles.told)


@pytest.mark.parametrize("name", ["Positive or negative?", "satisfied_or_unhappy"])
def test_a_yes_to_something_good_besides_is_a_label(name: str) -> None:
    roles = found(text=TEXTS, **{name: ["Yes", "No"] * 12})
    assert roles.of("label") == (name,)
    assert roles.told == ()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Newsletter", ["Yes", "No"]),
        ("Einwilligung", ["Ja", "Nein"]),
        ("Zgoda", ["TAK", "NIE"]),
        ("同意", ["是", "否"]),
    ],
)
def test_a_yes_to_nobody_knows_what_is_no_label_and_told(name: str, values: Sequence[object]) -> None:
    roles = found(text=TEXTS, **{name: values * 12})
    assert roles.of("label") == ()
    assert any(each.startswith(f"{name} holds yes and no, and its name does not say to what") for each in roles.told)


@pytest.mark.parametrize(
    ("name", "values"),
    [("Recomenda?", ["Sim", "Não"]), ("Czy polecasz?", ["Tak", "Nie"]), ("Doporučujete?", ["Ano", "Ne"])],
)
def test_a_yes_to_whether_it_is_recommended_is_a_label(name: str, values: Sequence[object]) -> None:
    roles = found(text=TEXTS, **{name: values * 12})
    assert roles.of("label") == (name,)
    assert roles.rule is not None
    assert roles.rule.rule == {"positive": values[:1], "negative": values[1:]}


@pytest.mark.parametrize("name", ["Liked", "is_positive", "Is the customer satisfied?", "loved_it"])
def test_a_yes_to_a_good_feeling_is_a_label_and_other_numbers_below_it_are_a_guess(name: str) -> None:
    for values, sure in (([1, 0, 1, 0], "likely"), ([0, 1, 2, 5], "a guess")):
        roles = found(text=TEXTS, **{name: values * 6})
        assert [(each.column, each.sure) for each in roles.roles if each.role == "label"] == [(name, sure)]


@pytest.mark.parametrize("name", ["not_satisfied", "good_condition", "Liked by the shop", "solved"])
def test_a_yes_to_something_else_than_a_good_feeling_is_no_label(name: str) -> None:
    assert found(text=TEXTS, **{name: [1, 0] * 12}).of("label") == ()


def test_a_column_for_each_feeling_is_no_label_since_a_no_may_be_neutral() -> None:
    one_for_each = {"positive": [1, 0, 0] * 8, "neutral": [0, 0, 1] * 8, "negative": [0, 1, 0] * 8}
    assert found(text=TEXTS, **one_for_each).of("label") == ()


@pytest.mark.parametrize("name", ["difficulty_rating", "pain_score", "anxiety_score", "Stress (1-5)", "Ocena problemu"])
def test_a_rating_of_something_bad_is_no_label_and_told(name: str) -> None:
    roles = found(text=TEXTS, **{name: STARS})
    assert roles.of("label") == ()
    assert any(each.startswith(f"{name} seems to say yes to something bad, or how bad it is") for each in roles.told)


def test_how_a_problem_was_solved_is_a_rating_all_the_same() -> None:
    assert found(text=TEXTS, problem_resolution_rating=STARS).of("label") == ("problem_resolution_rating",)


@pytest.mark.parametrize(
    ("name", "values"),
    [("trend", ["up", "down"]), ("rh", ["+", "-"]), ("item condition", ["good", "poor"]), ("Filter", [1, 2, 4, 5])],
)
def test_what_may_be_said_of_other_things_is_a_guess_without_a_name_and_so_is_its_rule(
    name: str, values: Sequence[object]
) -> None:
    roles = found(text=TEXTS, **{name: (values * 12)[:COUNT]})
    [label] = [each for each in roles.roles if each.role == "label"]
    assert roles.rule is not None
    assert (label.column, label.sure, roles.rule.sure) == (name, "a guess", "a guess")
    assert roles.rule.why.endswith(f"see whether {name} is the label at all")


def test_words_without_a_name_are_never_sure_to_be_the_label() -> None:
    roles = found(text=TEXTS, result=["positive", "negative"] * 12)
    assert [each.sure for each in roles.roles if each.role == "label"] == ["likely"]


def test_stars_and_feelings_need_no_name() -> None:
    for values in (["★★★★★", "★"] * 12, ["happy", "unhappy"] * 12):
        roles = found(text=TEXTS, x=values)
        assert roles.rule is not None
        assert "a guess" not in [roles.rule.sure, *(each.sure for each in roles.roles if each.role == "label")]


def test_to_what_people_agree_the_name_must_say() -> None:
    roles = found(text=TEXTS, **{"The shop was hard to find": ["Agree", "Strongly disagree"] * 12})
    assert roles.rule is not None
    assert (roles.rule.sure, roles.rule.why) == ("a guess", "to what people agree, the name of the column says")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("Vorteile", "Nachteile"),
        ("Zalety", "Wady"),
        ("Плюсы", "Минусы"),
        ("What did you like?", "What did you dislike?"),
        ("Gut am Arbeitgeber finde ich", "Schlecht am Arbeitgeber finde ich"),
        ("What did you like most?", "What could we improve?"),
        ("What I liked", "What could have been improved"),
    ],
)
def test_the_halves_of_a_review_are_joined_in_any_language(good: str, bad: str) -> None:
    longer = [f"{text} and more" for text in TEXTS]
    assert found(**{bad: longer, good: TEXTS, "stars": STARS}).of("text") == (bad, good)
    assert found(**{good: longer, "What else?": TEXTS}).of("text") == (good,)


def test_a_question_may_name_what_it_is_about() -> None:
    questions = ("What do you like best about the product?", "What do you dislike about the product?")
    assert found(**dict.fromkeys(questions, TEXTS)).of("text") == questions
    assert [is_a_pair("best_product"), is_a_pair("worst service")] == ["", ""], "no question"


def test_codes_of_languages_are_no_answers() -> None:
    assert found(text=TEXTS, codes=["no", "da"] * 12).of("label") == ()


def test_what_most_annotators_say_comes_before_what_one_of_them_says() -> None:
    one, other = ["pos", "neg"] * 12, ["neg", *["pos", "neg"] * 11, "pos"]
    assert found(text=TEXTS, annotator_1=one, annotator_2=other, majority=one).of("label") == ("majority",)
    roles = found(text=TEXTS, annotator_1=one, annotator_2=other)
    assert [each.sure for each in roles.roles if each.role == "label"] == ["a guess"]
    assert "annotator_2 may say what a review thinks too; annotator_1 was taken" in roles.told


def test_what_search_engines_call_score_is_no_rating_beside_one() -> None:
    assert found(_score=STARS, **{"_source.text": TEXTS, "_source.rating": STARS}).of("label") == ("_source.rating",)


@pytest.mark.parametrize("name", ["Anzahl Sterne", "Nombre d'étoiles", "Liczba gwiazdek", "Количество звёзд"])
def test_how_many_stars_there_are_is_a_rating(name: str) -> None:
    assert found(text=TEXTS, **{name: STARS}).of("label") == (name,)


@pytest.mark.parametrize(
    ("of_a_part", "of_all"),
    [
        ("nota_limpeza", "nota_geral"),
        ("Note prix", "Note globale"),
        ("Ocena ceny", "Ocena ogólna"),
        ("Rating makanan", "Rating keseluruhan"),
        ("맛 평점", "종합 평점"),
        ("Service rating", "Rating overall"),
    ],
)
def test_the_rating_of_all_comes_before_those_of_parts(of_a_part: str, of_all: str) -> None:
    roles = found(text=TEXTS, **{of_a_part: STARS[::-1], of_all: STARS})
    assert roles.of("label") == (of_all,)


def test_that_it_is_of_all_makes_a_rating_surer_wherever_the_name_says_so() -> None:
    for name, sure in (("nota_geral", "likely"), ("nota_limpeza", "a guess")):
        roles = found(text=TEXTS, **{name: STARS})
        assert roles.rule is not None
        assert (roles.of("label"), roles.rule.sure) == ((name,), sure)


def test_the_overall_rating_of_a_product_does_not_come_before_the_customers() -> None:
    averages = ["4.9", "4.7"] * 12
    assert found(text=TEXTS, **{"Overall Rating": averages, "Customer Rating": STARS}).of("label") == (
        "Customer Rating",
    )


@pytest.mark.parametrize("other", ["Hotel stars", "stars_business", "restaurant_rating"])
def test_the_stars_of_a_house_are_not_those_of_its_reviews(other: str) -> None:
    roles = found(text=TEXTS, **{other: ["3", "4", "5", "4"] * 6, "Score given": STARS})
    [label] = [each for each in roles.roles if each.role == "label"]
    assert (label.column, label.sure) == ("Score given", "a guess")
    assert f"{other} may say what a review thinks too; Score given was taken" in roles.told
    assert found(text=TEXTS, **{other: STARS}).of("label") == (other,), "where there are no others"


def test_a_rating_that_is_taken_before_that_of_a_house_is_a_guess() -> None:
    of_reviews = ["4.8", "1.2", "4.1", "2.3"] * 6
    roles = found(text=TEXTS, **{"Hotel stars": ["3", "4", "5", "4"] * 6, "user score": of_reviews})
    assert [(each.column, each.sure) for each in roles.roles if each.role == "label"] == [("user score", "a guess")]


def test_records_within_rows_are_told() -> None:
    inner = [[{"text": text, "stars": 5}] for text in TEXTS]
    for beside in ({}, {"description": TEXTS}):
        roles = found(reviews=inner, **beside)
        assert any(each.startswith("each row has a list of records in reviews: ") for each in roles.told)
        assert "sure" not in [each.sure for each in roles.roles]
    assert found(images=[[{"url": "a"}]] * COUNT, text=TEXTS).told == ()


@pytest.mark.parametrize("name", ["评论数", "点赞数", "star_count", "Anzahl Bewertungen"])
def test_how_many_comments_or_ratings_there_are_is_none(name: str) -> None:
    assert found(text=TEXTS, **{name: STARS}).of("label") == ()


@pytest.mark.parametrize("other", ["Ilość", "Počet kusů", "数量", "weekday", "nights"])
def test_how_many_were_bought_is_no_rating_in_any_language(other: str) -> None:
    assert found(text=TEXTS, **{other: ["1", "2", "3", "4"] * 6}).of("label") == ()


@pytest.mark.parametrize(
    ("ordered", "reviewed"),
    [("Data zamówienia", "Data opinii"), ("Дата заказа", "Дата отзыва"), ("Geburtsdatum", "Bewertet am")],
)
def test_the_day_of_an_order_or_a_birth_is_not_that_of_the_review(ordered: str, reviewed: str) -> None:
    earlier = ["2023-01-31"] * COUNT
    assert found(text=TEXTS, **{ordered: earlier, reviewed: ISO}).of("created_at") == (reviewed,)


@pytest.mark.parametrize("other", ["crawled_at_utc", "Scrape_Date", "retrievedDate"])
def test_when_a_review_was_fetched_is_not_its_date_where_that_cannot_be_read(other: str) -> None:
    ago = ["2 months ago", "3 years ago"] * 12
    roles = found(text=TEXTS, review_date=ago, **{other: ISO})
    assert roles.of("created_at") == ()
    assert f"{other} is not the date of the review by its name: it is left out" in roles.told
    assert found(text=TEXTS, review_date=ago, when=ISO).of("created_at") == ("when",)
    assert found(text=TEXTS, review_date=ISO, **{other: ISO}).of("created_at") == ("review_date",)


@pytest.mark.parametrize(("language", "month"), [("th", "มกราคม"), ("ms", "Ogos")])
def test_months_are_read_in_the_language_of_the_file(language: str, month: str) -> None:
    dates = [f"{1 + place % 28} {month} 2023" for place in range(COUNT)]
    roles = found(text=TEXTS, date=dates)
    assert (roles.of("created_at"), roles.language) == (("date",), language)
    in_years_of_buddha = [each.replace("2023", "2566") for each in dates]
    assert found(text=TEXTS, date=in_years_of_buddha).of("created_at") == ()


def test_of_two_dates_of_which_none_is_named_better_either_is_a_guess() -> None:
    roles = found(text=TEXTS, one=ISO, two=ISO)
    assert [each.sure for each in roles.roles if each.role == "created_at"] == ["a guess"]
    assert "two may be the date of the review too; one was taken" in roles.told


@pytest.mark.parametrize("name", ["Odpowiedź sprzedawcy", "Ответ магазина", "店舗からの返信"])
def test_a_shops_answer_is_not_the_review_in_any_language(name: str) -> None:
    longer = [f"{text}, and thank you for {text}" for text in TEXTS]
    opinion = {"Odpowiedź sprzedawcy": "Opinia", "Ответ магазина": "Отзыв"}.get(name, "レビュー")
    assert found(**{name: longer, opinion: TEXTS}).of("text") == (opinion,)


def test_without_names_ratings_are_those_of_more_different_numbers() -> None:
    assert found(named=False, a=["1", "2"] * 12, b=TEXTS, c=[*STARS[:22], "3", "3"]).of("label") == ("c",)


def test_a_question_may_name_a_product_and_hold_the_label() -> None:
    answers = ["Strongly agree", "Disagree"] * 12
    assert found(text=TEXTS, **{"I am happy with the product": answers}).of("label") == ("I am happy with the product",)


def test_of_several_columns_the_rating_is_the_one_with_more_to_say_and_the_others_are_told() -> None:
    roles = found(text=TEXTS, recommended=[1, 0] * 12, stars=STARS)
    assert roles.of("label") == ("stars",)
    assert "recommended may say what a review thinks too; stars was taken" in roles.told


def test_the_reviews_own_date_is_preferred_to_others() -> None:
    later = ["2025-01-01"] * COUNT
    roles = found(text=TEXTS, repliedAt=later, last_updated=later, date_of_stay=later, review_date=ISO)
    assert roles.of("created_at") == ("review_date",)
    assert found(text=TEXTS, lastModified=ISO).roles[-1].sure == "a guess"


def test_digits_are_no_date_without_a_name_that_says_so() -> None:
    seconds = [1_600_000_000 + 977 * place for place in range(COUNT)]
    assert found(text=TEXTS, tweet=seconds).of("created_at") == ()
    assert found(text=TEXTS, created_utc=seconds).of("created_at") == ("created_utc",)


MILLISECONDS = [1_700_000_000_000 + 86_400_000 * place for place in range(COUNT)]


@pytest.mark.parametrize("versions", [["4.1.1", "4.5.1"] * 12, ["4.10.12", "4.11.10"] * 12])
def test_a_moment_comes_before_a_version(versions: list[str]) -> None:
    roles = found(text=TEXTS, **{"app.version": versions}, updated=MILLISECONDS)
    [date] = [each for each in roles.roles if each.role == "created_at"]
    assert (date.column, date.sure) == ("updated", "a guess")
    assert date.why == "numbers since 1970, by its name of something else"


@pytest.mark.parametrize("name", ["version", "appVersionName", "build", "build_number", "app.release"])
def test_what_is_called_a_version_is_no_date(name: str) -> None:
    roles = found(text=TEXTS, **{name: ["4.10.12", "4.11.10"] * 12})
    assert roles.of("created_at") == ()
    assert not [each for each in roles.told if name in each]
    assert found(text=TEXTS, build_date=ISO).of("created_at") == ("build_date",)


def test_a_date_that_is_read_comes_before_one_whose_order_must_be_said() -> None:
    ambiguous = ["03/04/2024", "05/06/2024"] * 12
    assert found(text=TEXTS, date=ambiguous, when=ISO).of("created_at") == ("when",)
    assert found(text=TEXTS, date=ambiguous, posted_at=MILLISECONDS).of("created_at") == ("posted_at",)
    assert found(text=TEXTS, x=ambiguous, last_updated=ISO).of("created_at") == ("last_updated",)
    roles = found(text=TEXTS, date=ambiguous, last_updated=ISO)
    assert roles.of("created_at") == ("date",), "the name of the other says of something else"


def test_an_id_is_distinct_and_named_so_and_no_row_number() -> None:
    ids = [f"r{place:03}" for place in range(COUNT)]
    assert found(text=TEXTS, userId=ids, reviewId=ids).of("review_id") == ("reviewId",)
    assert found(text=TEXTS, id=list(range(COUNT))).of("review_id") == ()
    assert found(text=TEXTS, id=list(range(1, COUNT + 1))).of("review_id") == ()
    repeated = found(text=TEXTS, id=[*ids[:-1], ids[0]])
    assert repeated.of("review_id") == ()
    assert any("id repeats 1 id;" in each for each in repeated.told)


@pytest.mark.parametrize("name", ["restaurant_id", "restId", "book_id", "doctorId", "guest_id", "usuario_id"])
def test_an_id_of_something_else_is_none_of_the_review_though_all_are_distinct(name: str) -> None:
    assert found(text=TEXTS, **{name: [f"r{place:03}" for place in range(COUNT)]}).of("review_id") == ()


def test_few_values_with_a_name_are_worth_keeping_and_reserved_names_are_not() -> None:
    roles = found(text=TEXTS, brand=["a", "b"] * 12, words=["a", "b"] * 12, source=TEXTS, language=["en"] * COUNT)
    assert roles.of("keep") == ("brand",)


def test_a_default_name_that_holds_something_else_is_told_apart() -> None:
    roles = found(text=TEXTS, stars=STARS, label=["green", "blue"] * 12, split=["A", "B"] * 12)
    assert set(roles.not_used) == {"label", "split"}
    assert found(text=TEXTS, label=SIGNS, split=["train", "test"] * 12).not_used == ()


def test_without_names_values_alone_decide() -> None:
    roles = found(False, one=SIGNS, two=ISO, three=TEXTS)
    assert [(each.column, each.role) for each in roles.roles] == [
        ("one", "label"),
        ("two", "created_at"),
        ("three", "text"),
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reviewText", ("review", "text")),
        ("review_submit_date", ("review", "submit", "date")),
        ("Calificación", ("calificacion",)),
        ("评分", ("评分",)),
        ("reviews.rating", ("reviews", "rating")),
        ("Điểm", ("diem",)),
        ("Größe", ("grosse",)),
        ("रेटिंग", ("रेटिंग",)),
        ("", ()),
    ],
)
def test_a_name_falls_into_its_words(name: str, words: tuple[str, ...]) -> None:
    assert words_in(name) == words


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Überschrift", "title"),
        ("Titel", "title"),
        ("Titre", "title"),
        ("Intitulé", "title"),
        ("Artikel", "keep"),
        ("Produkt", "keep"),
        ("Produit", "keep"),
        ("Modèle", "keep"),
        ("Identifiant", "review_id"),
        ("Kennung", "review_id"),
        ("Kommentar", "text"),
        ("Commentaire", "text"),
        ("Avis", "text"),
        ("Kundenmeinung", "text"),
        ("Bewertung", "label"),
        ("Gesamtnote", "label"),
        ("Note", "label"),
        ("Bewertungsdatum", "created_at"),
    ],
)
def test_names_are_known_in_german_and_french(name: str, role: str) -> None:
    assert suggests(name, role) == 2
    assert is_a_known_name(name)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Yıldız", "label"),
        ("Bedømmelse", "label"),
        ("Рейтинг", "label"),
        ("Оцінка", "label"),
        ("Βαθμολογία", "label"),
        ("التقييم", "label"),
        ("דירוג", "label"),
        ("रेटिंग", "label"),
        ("คะแนน", "label"),
        ("Điểm", "label"),
        ("レビュー", "text"),
        ("Treść", "text"),
        ("Vélemény", "text"),
        ("Відгук", "text"),
        ("Ημερομηνία", "created_at"),
        ("Päivämäärä", "created_at"),
        ("fields.stars.integerValue", "label"),
        ("node.rating", "label"),
    ],
)
def test_names_are_known_in_other_languages_and_within_a_record(name: str, role: str) -> None:
    assert suggests(name, role) == 2


def test_one_of_a_thing_is_no_plural() -> None:
    roles = found(text=TEXTS, title=[f"Title{place}" for place in range(COUNT)], sentiment=["good"] * COUNT)
    why = {each.column: each.why for each in roles.roles}
    assert why["title"] == "its name, 1 word each"
    assert why["sentiment"] == "1 different word, its name"


def test_a_slip_among_dates_costs_no_other_its_date() -> None:
    def of(dates: Sequence[str]) -> Roles:
        columns = [Column("date", tuple(dates), len(dates)), Column("text", tuple(TEXTS), len(dates))]
        return find_roles(columns)

    days = [f"{1 + number % 28:02d}/08/2026" for number in range(99)]
    slip = of([*days, "05/13/2026"])
    assert slip.order == "day_first"
    assert any("nearly all dates are by `order: day_first`" in each for each in slip.told)
    mixed = of([f"05/{day}/2026" for day in range(13, 29)] + [f"{day}/05/2026" for day in range(13, 29)])
    assert mixed.order is None
    assert any("some dates of the column have the day first and others the month" in each for each in mixed.told)


def test_a_name_speaks_for_a_role_or_against_it() -> None:
    assert suggests("reviews.rating", "label") == suggests("Star Rating", "label") == 2
    assert suggests("score_0_10", "label") == 2 > suggests("score_3_10", "label")
    assert min(suggests(name, "review_id") for name in ("N° avis", "Nr. Kommentar", "№ отзыва", "nº reseña")) >= 1
    assert suggests("no comments yet", "review_id") < 1 <= suggests("Ville", "keep")
    assert suggests("reviewcount", "label") < 0 < suggests("user score", "label")
    assert is_a_known_name("Kommentar")
    assert not is_a_known_name("positive")
    assert not is_a_known_name("Great product, would buy this again")
    assert (is_a_pair("Negative_Review"), is_a_pair("pros"), is_a_pair("negative_reason")) == (
        "negative",
        "positive",
        "",
    )
