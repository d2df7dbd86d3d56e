import io
import json
from dataclasses import fields, replace

import numpy as np
import pytest

from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import CHARACTERS, WORDS, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets.monitoring import reference as stored
from sentiment_assets.monitoring.batch_texts import drift_ngrams
from sentiment_assets.monitoring.batch_to_check import ComparedChampion
from sentiment_assets.monitoring.reference import Reference, reference_from_bytes, reference_to_bytes
from sentiment_assets.monitoring.text_columns import TextColumns
from testing.batches import batch


def test_a_reference_survives_storing(reference: Reference) -> None:
    again = reference_from_bytes(reference_to_bytes(reference))
    assert again is not None
    assert (again.rows != reference.rows).nnz == 0
    for each in fields(TextColumns):
        assert np.array_equal(getattr(again.columns, each.name), getattr(reference.columns, each.name))
    for name in ("unknown_words", "margins", "known_ngrams", "labels", "mean_columns", "mean_values"):
        assert np.array_equal(getattr(again, name), getattr(reference, name)), name
    plain = ("ngrams", "positive", "labelled", "n_test", "names", "languages")
    assert [getattr(again, name) for name in plain] == [getattr(reference, name) for name in plain]


def test_what_it_holds_of_neutral_reviews_survives_storing(champion_beside_neutral: ComparedChampion) -> None:
    reference = champion_beside_neutral.reference
    assert reference is not None
    again = reference_from_bytes(reference_to_bytes(reference))
    assert again is not None
    assert again.neutral.share == reference.neutral.share == pytest.approx(0.2, abs=0.001)
    assert (again.neutral.rows != reference.neutral.rows).nnz == 0
    for each in fields(TextColumns):
        assert np.array_equal(getattr(again.neutral.columns, each.name), getattr(reference.neutral.columns, each.name))
    for name in ("unknown_words", "margins", "known_ngrams", "mean_columns", "mean_values"):
        assert np.array_equal(getattr(again.neutral, name), getattr(reference.neutral, name)), name


def test_the_words_behind_the_mean_margin_survive_storing(champion_of_characters: ComparedChampion) -> None:
    reference = champion_of_characters.reference
    assert reference is not None
    again = reference_from_bytes(reference_to_bytes(reference))
    assert again is not None
    assert again.words == reference.words != {}
    assert again.neutral.words == reference.neutral.words != {}


def test_texts_are_compared_by_words_but_where_there_are_no_spaces(champion_of_characters: ComparedChampion) -> None:
    assert champion_of_characters.reference is not None
    assert champion_of_characters.reference.ngrams.analyzer == "word"
    assert drift_ngrams(CHARACTERS, ["좋은 영화 였습니다", "정말 재미 있어요"]).analyzer == "word"
    for without_spaces in (["味道很好,送餐也很快", "不好吃 太慢了"], ["ภาพยนตร์เรื่องนี้สนุกมาก"], []):
        assert drift_ngrams(CHARACTERS, without_spaces).analyzer == "char_blank"
    assert drift_ngrams(WORDS, ["味道很好"]).analyzer == "word", "what a branch says"


def test_a_reference_of_the_release_before_has_no_neutral_reviews(champion_beside_neutral: ComparedChampion) -> None:
    """It is read as it was written: without any of their arrays, and without their share."""
    reference = champion_beside_neutral.reference
    assert reference is not None
    with np.load(io.BytesIO(reference_to_bytes(reference))) as stored_arrays:
        arrays = {name: stored_arrays[name] for name in stored_arrays if not name.startswith("neutral_")}
    facts = json.loads(str(arrays["facts"]))
    for name in ("neutral_share", "words", "neutral_words"):
        del facts[name]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays | {"facts": np.array(json.dumps(facts | {"format": "r2"}))})  # type: ignore[arg-type]
    former = reference_from_bytes(buffer.getvalue())
    assert former is not None
    assert (former.neutral.share, former.largest_neutral_share) == (0, 0)
    assert np.array_equal(former.compared_margins(0), reference.on_test()[0])
    assert reference_to_bytes(former)


def test_a_part_of_it_has_the_share_of_neutral_reviews_that_is_asked_for(
    champion_beside_neutral: ComparedChampion,
) -> None:
    reference = champion_beside_neutral.reference
    assert reference is not None
    n = reference.rows.shape[0]
    for share in (0.0, 0.1, 0.2):
        compared = reference.compared_texts(share)
        assert compared.rows.shape[0] == len(compared.columns.length) == pytest.approx(n / (1 - share), abs=1)
        known = len(reference.unknown_words)
        assert len(compared.unknown_words) == pytest.approx(known / (1 - share), abs=1)
        margins = reference.compared_margins(share)
        assert len(margins) == pytest.approx(reference.n_test / (1 - share), abs=1)
        n_columns = len(champion_beside_neutral.model.coefficients)
        mean = reference.mean_row(share, n_columns) @ champion_beside_neutral.model.coefficients
        usual, neutral = reference.on_test()[0].mean(), reference.neutral.margins.mean()
        expected = (1 - share) * usual + share * neutral - champion_beside_neutral.model.intercept
        assert mean == pytest.approx(expected, abs=1e-3)


def test_of_a_share_that_is_too_large_there_are_as_many_as_there_can_be(
    champion_beside_neutral: ComparedChampion,
) -> None:
    reference = champion_beside_neutral.reference
    assert reference is not None
    n_neutral = len(reference.neutral.margins)
    margins = reference.compared_margins(0.75)
    assert len(margins) == pytest.approx(n_neutral / 0.75, abs=1)
    assert np.array_equal(margins[-n_neutral:], reference.neutral.margins)


def test_a_reference_of_another_release_is_none(reference: Reference) -> None:
    with pytest.MonkeyPatch.context() as another_release:
        another_release.setattr(stored, "REFERENCE_FORMAT", "r0")
        former = reference_to_bytes(reference)
    assert reference_from_bytes(former) is None


def test_it_holds_no_review(reference: Reference) -> None:
    content = reference_to_bytes(reference)
    assert b"splendid story" not in content
    assert max(len(name.split()) for name in reference.names.values()) <= 2, "n-grams only"


def test_nothing_in_it_is_executed_on_reading(reference: Reference, tmp_path: object) -> None:
    pickled = replace(reference, margins=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        reference_to_bytes(pickled)


def test_texts_are_compared_with_those_of_train_and_validation(reference: Reference) -> None:
    splits = split_reviews(batch(3000, seed=0).assign(split=None, batch="b"), SplitSettings()).reviews
    texts = splits.loc[splits["split"].isin(DEVELOPMENT), "text"]
    assert (reference.rows != hash_ngrams(texts, reference.ngrams)).nnz == 0


def test_what_was_fitted_comes_from_held_out_reviews(reference: Reference) -> None:
    assert len(reference.margins) == len(reference.labels) == len(reference.known_ngrams)
    assert 0 < reference.n_test < len(reference.labels)
    assert len(reference.labels) == reference.labelled + reference.n_test, "of a small corpus all were held out once"
    assert reference.rows.shape[0] == reference.labelled
    assert len(reference.unknown_words) == reference.n_test, "the model knows the words of all others"
    assert reference.positive == reference.labels[: -reference.n_test].sum()
