"""What is found in texts, what takes its place, and what is left alone."""

import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.redaction import STAND_INS, Redactor
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, PrivacySettings, ReviewColumns
from sentiment_assets.learning.ngrams import find_ngrams
from sentiment_assets.learning.settings import NgramSettings

EVERY_KIND = PrivacySettings(redact=["email", "phone", "url", "iban", "card"], regions=["DE", "US"])
AROUND = st.text(st.sampled_from("so good! (very) 好看。\n'\"<>,;:é "), max_size=30)
LOCAL = st.text("abcdefxyzöß0123._+-%", min_size=1, max_size=12)
HOST = st.lists(st.text("abcxyzü0189", min_size=2, max_size=8), min_size=2, max_size=4).map(".".join)
NATIONAL_NUMBER = st.integers(1_000_000, 9_999_999).map(lambda number: f"170{number}")
VALUES = ("jane@example.com", "bob@mail.example.co.uk", "+49 170 1234567", "0170/1234567", "example.com", "12345", "z9")


def redact(text: str) -> str:
    return Redactor(IngestionSettings(privacy=EVERY_KIND)).redact(text)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to jane.doe+shop@mail.example.co.uk!", "write to _email_!"),
        ("联系jane@example.com谢谢", "联系_email_谢谢"),
        ("'jörg@example.com'", "'_email_'"),
        ("“jörg@example.com”", "“_email_”"),
        ("I called +49 170 1234567 twice", "I called _phone_ twice"),
        ("I called 0170 1234567 twice", "I called _phone_ twice"),
        ("call (415) 555-2671", "call _phone_"),
        ("bad () +49 1701000000 (x) 0170 1234567 ( 415) 555-2671", "bad () _phone_ (x) _phone_ _phone_"),
        ("电话+8613812345678谢谢", "电话_phone_谢谢"),
        ("see https://example.com/a?mail=jane@example.com now", "see _url_ now"),
        ("see www.example.de and example.com", "see _url_ and _url_"),
        ("pay DE89 3704 0044 0532 0130 00 TODAY", "pay _iban_ TODAY"),
        ("card 4111 1111 1111 1111 was charged", "card _card_ was charged"),
        ("card 4111\u00a01111\u00a01111\u00a01111 was charged", "card _card_ was charged"),
        ("卡４１１１１１１１１１１１１１１１被", "卡_card_被"),
        ("pay DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "pay _iban_"),
        ("付款到DE89370400440532013000", "付款到_iban_"),
        ("联系ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ。谢谢", "联系_email_。谢谢"),
        ("(212) 555-0123 0170/1234567", "_phone_ _phone_"),
    ],
)
def test_a_word_takes_the_place_of_what_is_found(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "great.it was lovely",  # a blank is missing
        "delivered on 03.04.2024, ordered 2024-03-04 10:00",
        "order 12345678, rated 5/5, for 1.000.000 people",
        "isbn 9783161484100",
        "@jane says: 10 of 10 @ home",
    ],
)
def test_what_only_resembles_it_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_only_the_kinds_that_are_asked_for_are_redacted() -> None:
    redactor = Redactor(IngestionSettings(privacy=PrivacySettings(redact=["email"])))
    assert redactor.redact("jane@example.com or +49 170 1234567") == "_email_ or +49 170 1234567"
    assert redactor.counts == {"email": 1}


def test_a_region_that_has_no_telephone_numbers_is_refused() -> None:
    with pytest.raises(ValidationError, match="'Germany' is no region with telephone numbers: write two capital"):
        PrivacySettings(redact=["phone"], regions=["Germany"])


@given(AROUND, LOCAL, HOST, AROUND)
def test_an_email_never_survives_wherever_it_stands(before: str, local: str, host: str, after: str) -> None:
    email = f"{local}@{host}"
    assert email not in redact(f"{before}{email}{after}")


@given(AROUND, NATIONAL_NUMBER, st.sampled_from(["+49 ", "0049 ", "0", "+49-", "+49 (0)"]), AROUND)
def test_a_phone_number_never_survives_between_blanks(before: str, number: str, begun: str, after: str) -> None:
    assert number not in redact(f"{before} {begun}{number} {after}")


@given(st.text(max_size=200))
def test_a_text_with_nothing_to_find_is_the_same(text: str) -> None:
    assume("@" not in text and "\uff20" not in text and "." not in text and "://" not in text)
    assume(sum(each.isdigit() for each in text) < 7)
    assert redact(text) == text


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from([*" ,/|&='.-+:\n好"])), min_size=1, max_size=4))
def test_a_text_that_is_redacted_again_stays_as_it_is_whatever_stands_side_by_side(
    values: list[tuple[str, str]],
) -> None:
    redacted = redact("".join(map("".join, values)))
    assert redact(redacted) == redacted
    assert "@" not in redacted


def test_a_stand_in_is_one_token_and_begins_no_emoticon() -> None:
    [found] = find_ngrams(["mail:" + " :".join(STAND_INS.values())], NgramSettings(longest=1))
    assert found.tokens.to_pylist() == ["mail", *STAND_INS.values()]


ROWS = [
    {"review_id": "1", "text": "<p>write to jane&#64;example.com</p>", "label": 1, "who": "ann@example.com"},
    {"review_id": "2", "text": "bad, call +49 170 1234567", "label": 0, "who": "bob@example.com"},
    {"review_id": "3", "text": "call cid@example.com", "label": "dan@example.com", "who": "eve@example.com"},
    {"review_id": "4", "text": None, "label": 1, "who": "fay@example.com", "phone": "+491701234567"},
    {"review_id": "5", "text": "good", "label": 1, "split": "gil@example.com", "created_at": "hal@example.com"},
]


def test_whatever_a_batch_holds_of_its_rows_is_redacted() -> None:
    settings = IngestionSettings(
        privacy=EVERY_KIND, labels=LabelRule(positive=["1"], negative=["0"]), columns=ReviewColumns(keep=[])
    )
    batch = read_batch("\n".join(map(json.dumps, ROWS)).encode(), "day.jsonl", settings)
    assert batch.reviews["text"].tolist() == ["write to _email_", "bad, call _phone_", "good"]
    assert batch.redacted == {"email": 2, "phone": 1}  # of the quarantined text, too
    kept = f"{batch.reviews.to_dict()}{batch.quarantine.to_dict()}{batch.without_text.to_dict()}{batch.unread}"
    assert not re.findall(r"\w+@example|1701234567", kept)
    assert len(batch.quarantine) == len(batch.without_text) == 1


def test_without_the_setting_a_batch_is_as_its_file() -> None:
    batch = read_batch(json.dumps(ROWS[1]).encode(), "day.jsonl", IngestionSettings())
    assert batch.reviews["text"].tolist() == [ROWS[1]["text"]]
    assert batch.redacted == {}


def test_an_id_made_of_a_row_does_not_depend_on_what_is_redacted() -> None:
    row = json.dumps({"text": "write to jane@example.com"}).encode()
    before, after = (
        read_batch(row, "day.jsonl", IngestionSettings(privacy=privacy)).reviews["review_id"].tolist()
        for privacy in (PrivacySettings(), EVERY_KIND)
    )
    assert before == after
