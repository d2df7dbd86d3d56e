from pathlib import Path

import pytest

from sentiment_assets.monitoring import quality_checks
from sentiment_assets.monitoring.quality_checks import QUALITY_CHECKS, judges
from sentiment_assets.monitoring.quality_checks.bot_like import follows_template, repeats_itself
from sentiment_assets.monitoring.quality_checks.empty import is_empty
from sentiment_assets.monitoring.quality_checks.html import is_html
from sentiment_assets.monitoring.quality_checks.mojibake import is_mojibake
from sentiment_assets.monitoring.quality_checks.truncated import is_truncated
from sentiment_assets.monitoring.text_columns import (
    describe_texts,
)
from testing.batches import batch


def test_each_limit_has_a_file_of_its_name_and_each_file_a_limit() -> None:
    folder = Path(str(quality_checks.__file__)).parent
    assert sorted(QUALITY_CHECKS) == sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
    assert len(list(judges())) == len(QUALITY_CHECKS)


def test_empty_texts_have_no_letter_or_digit() -> None:
    assert is_empty(["?!", "—", "7", "好", "a"]).tolist() == [True, True, False, False, False]


def test_mojibake_is_what_a_wrong_decoding_leaves() -> None:
    wrong = "It’s “fine”".encode().decode("cp1252", "replace")
    assert is_mojibake([wrong, "caf\N{REPLACEMENT CHARACTER}", "It’s “fine”", "café", "很好", "plain"]).tolist() == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_html_is_tags_and_entities_but_not_line_breaks() -> None:
    texts = ["<p>good</p>", "R&amp;B", "it&#39;s", "one<br /><br>two", "a < b > c", "R&B; fine", "I <3 it"]
    assert is_html(texts).tolist() == [True, True, True, False, False, False, False]


def test_texts_cut_at_one_length_are_found_and_whole_ones_are_not() -> None:
    whole = batch(200)["text"].tolist()
    cut = [f"{text} and more of it than fits"[:40].strip() for text in batch(50, seed=9)["text"]]
    found = is_truncated([*whole, *cut])
    assert found[200:].mean() > 0.9
    assert found[:200].mean() < 0.1
    assert is_truncated(whole).mean() < 0.05
    assert not is_truncated(["the very same words once more"] * 50).any(), "copies are not cuts"


def test_bots_repeat_words_or_a_template() -> None:
    template = [f"Order {number} arrived today. The code is {number}!" for number in range(3)]
    texts = ["buy now " * 10, *template, "Order came", "good good good"]
    assert repeats_itself(texts).tolist() == [True, False, False, False, False, False]
    assert follows_template(texts).tolist() == [False, True, True, True, False, False]
    assert not follows_template([*template[:2], *template[:2]]).any(), "copies make no template"
    parted = ["or der 1 arrived today, with the code", *(f"order {n} arrived today, with the code" for n in (2, 3))]
    assert not follows_template(parted).any(), "these are other words"
    assert not follows_template(["Good!", "Good.", "GOOD"]).any(), "people write short ones alike"
    beside = "with a garden and cake"
    assert follows_template([f"It's 1 café {beside}", f"it’s 2 CAFÉ {beside}", f"It`s 3 café {beside}"]).all()
    assert follows_template(
        ["It's for sale by mail, 1 voucher", "IT’S for sale by mail: voucher", "it`s for sale by mail voucher"]
    ).all()


@pytest.mark.parametrize("detector", [is_empty, is_mojibake, is_html, is_truncated, follows_template, repeats_itself])
def test_no_text_has_no_fault(detector) -> None:  # type: ignore[no-untyped-def]
    assert detector([]).tolist() == []
    assert describe_texts([]).length.tolist() == []
