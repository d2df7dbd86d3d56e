from dataclasses import replace

import numpy as np
import pytest

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.monitoring.batch_to_check import ComparedChampion
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.word_shift import WordShift, draw_word_shift, word_shift
from testing.batches import batch, texts_alone


def account(texts: list[str], model: SentimentModel, reference: Reference, n: int = 20) -> WordShift:
    return word_shift(texts, model.rows(texts), model=model, reference=reference, n=n)


def test_the_shares_add_up_to_the_change_of_the_mean_margin_exactly(
    model: SentimentModel, reference: Reference
) -> None:
    texts = batch(300, positive_share=0.8)["text"].tolist()
    found = account(texts, model, reference)
    change = model.margins(texts).mean() - reference.on_test()[0].mean()
    assert found.change == pytest.approx(change, abs=1e-6)
    assert sum(each.change for each in found.shifts) + found.rest == pytest.approx(change, abs=1e-6)
    assert all(each.change == pytest.approx(each.in_batch - each.in_reference) for each in found.shifts)


def test_test_reviews_in_which_nothing_is_known_move_no_n_gram(model: SentimentModel, reference: Reference) -> None:
    """Their rows are empty, and those of such reviews of a batch are left out."""
    more, n_test = 100, reference.n_test
    beside = replace(
        reference,
        margins=np.append(reference.margins, np.zeros(more)),
        labels=np.append(reference.labels, np.ones(more, np.int8)),
        n_test=n_test + more,
        mean_values=reference.mean_values * n_test / (n_test + more),
    )
    texts = batch(300, positive_share=0.8)["text"].tolist()
    assert account(texts, model, beside).change == pytest.approx(account(texts, model, reference).change)


def test_the_n_grams_that_moved_it_most_come_first_by_name(model: SentimentModel, reference: Reference) -> None:
    found = account(["splendid splendid film", "a splendid story"] * 50, model, reference)
    sizes = [abs(each.change) for each in found.shifts]
    assert sizes == sorted(sizes, reverse=True)
    assert any("splendid" in each.ngram and each.change > 0 for each in found.shifts)


def test_what_the_batch_lacks_is_named_by_the_reference(model: SentimentModel, reference: Reference) -> None:
    gone = [each for each in account(["the film"], model, reference).shifts if each.in_batch == 0]
    assert gone
    assert all(each.ngram for each in gone)


def test_texts_without_a_known_n_gram_take_the_margin_to_the_intercept(
    model: SentimentModel, reference: Reference
) -> None:
    found = account(texts_alone(["", "?!"])["text"].tolist(), model, reference)
    assert found.change == pytest.approx(model.intercept - reference.on_test()[0].mean(), abs=1e-6)


def test_where_characters_decide_whole_words_are_told_and_add_up(champion_of_characters: ComparedChampion) -> None:
    model, reference = champion_of_characters.model, champion_of_characters.reference
    assert reference is not None
    texts = batch(300, positive_share=0.8)["text"].tolist()
    for share in (0.0, 0.1):
        found = word_shift(texts, model.rows(texts), model=model, reference=reference, neutral_share=share, n=10**6)
        assert sum(each.change for each in found.shifts) == pytest.approx(found.change, abs=1e-6)
    heaviest = word_shift(texts, model.rows(texts), model=model, reference=reference, n=20).shifts
    assert [abs(each.change) for each in heaviest] == sorted((abs(each.change) for each in heaviest), reverse=True)
    assert {each.ngram for each in heaviest if each.in_batch} <= set(" ".join(texts).split())
    gone = word_shift(["the film"], model.rows(["the film"]), model=model, reference=reference).shifts
    assert any(each.in_batch == 0 and each.in_reference for each in gone)


def test_the_account_is_drawn(model: SentimentModel, reference: Reference) -> None:
    drawn = draw_word_shift(account(["splendid <b>"] * 5, model, reference))
    assert drawn.startswith(b"<?xml")
    assert b"splendid" in drawn
