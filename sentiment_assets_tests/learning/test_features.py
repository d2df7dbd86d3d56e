import io
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.cross_fitting import N_FOLDS
from sentiment_assets.learning.features import (
    Features,
    StaleFeatures,
    build_features,
    features_from_arrays,
    features_to_arrays,
    require_current,
)
from sentiment_assets.learning.lazy_mapping import LazyMapping
from sentiment_assets.learning.settings import Analyzer, FeatureSet, FeatureSettings, NgramSettings
from sentiment_assets.learning.weighting import ColumnWeights
from sentiment_assets_tests.learning.conftest import SETTINGS


def weights_of(features: Features) -> ColumnWeights:
    """The weights of the only part of the only feature set."""
    [part] = features.of().fitted.parts
    return part.column_weights


def test_nothing_is_fitted_on_validation_or_test(splits: pd.DataFrame, features: Features) -> None:
    elsewhere = splits.assign(text=splits["text"].where(splits["split"] == "train", "words never seen before"))
    refitted = weights_of(build_features(elsewhere, SETTINGS))
    assert np.array_equal(refitted.columns, weights_of(features).columns)
    assert np.array_equal(refitted.weights, weights_of(features).weights)


def test_features_survive_storage_as_arrays(features: Features) -> None:
    again = features_from_arrays(features_to_arrays(features))
    for name, labelled in features.of().rows.items():
        assert (labelled.rows != again.of().rows[name].rows).nnz == 0
        assert np.array_equal(labelled.labels, again.of().rows[name].labels)
    assert (again.settings, again.splits_digest) == (features.settings, features.splits_digest)


def test_features_are_current_for_the_splits_that_they_were_built_from(
    features: Features, splits: pd.DataFrame
) -> None:
    require_current(features, splits, SETTINGS)
    require_current(features, pd.read_parquet(io.BytesIO(splits.to_parquet())), SETTINGS)


def test_features_of_other_splits_are_refused(features: Features, splits: pd.DataFrame) -> None:
    for other in (splits.assign(label=1 - splits["label"]), splits.iloc[:-1], splits.assign(split="train")):
        with pytest.raises(StaleFeatures, match="other splits .*: materialize features, then trained_candidates, then"):
            require_current(features, other, SETTINGS)


def test_features_built_with_other_settings_are_refused(features: Features, splits: pd.DataFrame) -> None:
    """A model would hash the texts that it scores otherwise than those that it was trained on."""
    with pytest.raises(StaleFeatures, match="other settings"):
        require_current(features, splits, SETTINGS.model_copy(update={"min_reviews": 1}))


def test_features_that_do_not_say_what_they_were_built_from_are_refused(features: Features) -> None:
    arrays = features_to_arrays(features)
    del arrays["facts"]
    with pytest.raises(StaleFeatures, match="former release"):
        features_from_arrays(arrays)


def test_features_that_do_not_say_how_many_columns_their_folds_have_are_refused(features: Features) -> None:
    arrays = features_to_arrays(features)
    facts = json.loads(str(arrays["facts"][0]))
    del facts["columns_of_folds"]
    arrays["facts"] = np.array([json.dumps(facts)])
    with pytest.raises(StaleFeatures, match="former release"):
        features_from_arrays(arrays)


def test_threads_do_not_show(splits: pd.DataFrame, features: Features) -> None:
    again = build_features(splits, SETTINGS, n_jobs=3)
    for name, labelled in features.of().rows.items():
        assert (labelled.rows != again.of().rows[name].rows).nnz == 0


def test_near_duplicates_have_rows_of_their_own_and_teach_nothing(splits: pd.DataFrame) -> None:
    aside = (
        splits["split"].mask(splits.index % 7 == 0, "near_duplicate").where(splits["split"] == "train", splits["split"])
    )
    with_aside = build_features(splits.assign(split=aside), SETTINGS)
    without = build_features(splits[aside != "near_duplicate"], SETTINGS)
    assert len(with_aside.of().rows["near_duplicate"].labels) == (aside == "near_duplicate").sum() > 0
    assert np.array_equal(weights_of(with_aside).weights, weights_of(without).weights)


def test_words_and_characters_stand_side_by_side_with_equal_lengths(every_set: Features) -> None:
    words, characters, both = (each.rows["test"].rows for each in every_set.sets.values())
    assert list(every_set.sets) == ["words", "characters", "words+characters"]
    assert both.shape[1] == words.shape[1] + characters.shape[1]
    assert np.allclose(both[:, : words.shape[1]].toarray(), words.toarray() * 0.5**0.5)
    assert np.allclose(both[:, words.shape[1] :].toarray(), characters.toarray() * 0.5**0.5)
    assert both.indices.dtype == both.indptr.dtype == np.int32, "as SGD takes them"


@pytest.mark.parametrize("word_share", [0.2, 0.9])
def test_words_have_the_share_of_a_row_that_a_candidate_asks_for(
    every_set: Features, splits: pd.DataFrame, word_share: float
) -> None:
    stored = features_from_arrays(features_to_arrays(every_set))
    words, characters = (stored.of(name).rows["test"].rows for name in ("words", "characters"))
    asked = stored.of("words+characters", word_share=word_share)
    rows = asked.rows["test"].rows
    assert np.allclose(rows[:, : words.shape[1]].toarray(), words.toarray() * word_share**0.5)
    assert np.allclose(rows[:, words.shape[1] :].toarray(), characters.toarray() * (1 - word_share) ** 0.5)
    scored = asked.fitted.rows(splits.loc[splits["split"] == "test", "text"])
    assert abs(scored - rows).max() < 1e-6, "a row in training is the row that is scored"


def test_words_have_their_share_in_every_fold_too(every_set: Features) -> None:
    equal, asked = every_set.of("words+characters"), every_set.of("words+characters", word_share=0.9)
    n_words = every_set.of("words").folds[0][0].n_columns
    for ours, theirs in zip(asked.folds, equal.folds, strict=True):
        for own, stored in zip(ours, theirs, strict=True):
            factors = np.where(stored.indices < n_words, 1.8**0.5, 0.2**0.5)
            assert own.data == pytest.approx(stored.data * factors, rel=1e-6)
            assert (own.indices, own.indptr.tolist()) == (pytest.approx(stored.indices), stored.indptr.tolist())
    assert asked.held_out_labels.tolist() == equal.held_out_labels.tolist()
    assert asked.held_out_known_ngrams.tolist() == equal.held_out_known_ngrams.tolist()


def test_rows_that_a_candidate_asks_for_lie_where_all_that_is_large_does(
    every_set: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's own folder for temporary files is often small, or in memory."""
    arrays = features_to_arrays(every_set)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    asked = features_from_arrays(arrays, tmp_path).of("words+characters", word_share=0.9)
    assert asked.rows["train"].rows.nnz == every_set.of("words+characters").rows["train"].rows.nnz


def test_rows_of_equal_shares_are_those_that_are_stored(every_set: Features) -> None:
    assert every_set.of("words+characters", word_share=0.5) is every_set.sets["words+characters"]


def test_a_row_in_training_is_the_row_that_is_scored(every_set: Features, splits: pd.DataFrame) -> None:
    texts = splits.loc[splits["split"] == "test", "text"]
    for built in every_set.sets.values():
        assert abs(built.fitted.rows(texts) - built.rows["test"].rows).max() < 1e-6


def test_only_the_feature_sets_that_somebody_asks_for_are_kept(splits: pd.DataFrame, every_set: Features) -> None:
    both = build_features(splits, FeatureSettings(), ["words+characters"])
    assert list(both.sets) == ["words+characters"]
    rows = both.of("words+characters").rows["train"].rows
    assert (rows != every_set.of("words+characters").rows["train"].rows).nnz == 0
    stored = features_from_arrays(features_to_arrays(both))
    assert (stored.of("words+characters").rows["train"].rows != rows).nnz == 0
    require_current(stored, splits, FeatureSettings(), ["words+characters"])
    with pytest.raises(StaleFeatures, match="other settings"):
        require_current(both, splits, FeatureSettings())


def test_features_are_current_for_the_similarity_that_their_folds_were_made_with(splits: pd.DataFrame) -> None:
    built = build_features(splits, SETTINGS, similarity=0.7)
    stored = features_from_arrays(features_to_arrays(built))
    require_current(stored, splits, SETTINGS, similarity=0.7)
    with pytest.raises(StaleFeatures, match="other settings"):
        require_current(stored, splits, SETTINGS, similarity=None)


def test_every_feature_set_survives_storage(every_set: Features, splits: pd.DataFrame) -> None:
    again = features_from_arrays(features_to_arrays(every_set))
    require_current(again, splits, FeatureSettings())
    for name, built in every_set.sets.items():
        stored = again.of(name)
        assert (stored.rows["train"].rows != built.rows["train"].rows).nnz == 0
        assert [part.ngrams for part in stored.fitted.parts] == [part.ngrams for part in built.fitted.parts]
        assert (
            stored.fitted.rows(["a splendid day"]).data.tolist() == built.fitted.rows(["a splendid day"]).data.tolist()
        )


def test_a_candidate_asks_for_the_arrays_that_it_trains_on(every_set: Features) -> None:
    """Where they lie elsewhere, no others are fetched: those of other feature sets, and those of test."""
    arrays, asked = features_to_arrays(every_set), []
    watched = LazyMapping(list(arrays), lambda name: asked.append(name) or arrays[name])
    built = features_from_arrays(watched).of("characters")
    assert len(built.rows["train"].labels) > len(built.rows["validation"].labels)
    assert len(built.folds) == N_FOLDS
    splits = ("train", "validation", "folds")
    parts = [f"{split}_{name}" for split in splits for name in ("data", "indices", "indptr", "labels")]
    own = ["columns", "weights", "held_out", *parts]
    assert sorted(asked) == sorted(["facts", *(f"characters_{name}" for name in own)])


def test_the_summary_has_a_row_for_each_feature_set_and_split(every_set: Features) -> None:
    summary = pd.DataFrame(every_set.summary)
    assert summary.groupby("features")["split"].count().to_dict() == dict.fromkeys(every_set.sets, 5), "folds, too"
    entries = summary[summary["split"] == "train"].set_index("features")["entries"]
    assert entries["words+characters"] == entries["words"] + entries["characters"]


@pytest.mark.parametrize(
    ("analyzer", "only"), [("word", "words"), ("char", "characters"), ("char_blank", "characters")]
)
def test_a_branch_that_names_its_ngrams_has_one_feature_set(
    splits: pd.DataFrame, analyzer: Analyzer, only: FeatureSet
) -> None:
    settings = FeatureSettings(ngrams=NgramSettings(analyzer=analyzer, longest=2, columns_log2=12))
    built = build_features(splits, settings)
    assert list(built.sets) == [only]
    assert built.of().rows["test"].rows.shape == built.of(only).rows["test"].rows.shape
