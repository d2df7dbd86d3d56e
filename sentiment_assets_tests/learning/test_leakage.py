import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.leakage import measure_leakage
from sentiment_assets.learning.settings import FeatureSet
from sentiment_assets_tests.learning.conftest import with_rows


def test_without_near_duplicates_there_is_no_leakage_tax(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    leakage = measure_leakage(candidates[challenger.key], features, "hinge_loss")
    assert leakage.accuracy_without > 0.9
    assert leakage.figures == {
        "near_duplicates_set_aside": 0.0,
        "test_accuracy_with_near_duplicates": leakage.accuracy_without,
        "leakage_tax": 0.0,
    }


def test_copies_of_the_test_split_in_train_are_taxed(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    test = features.of().rows["test"]
    leaking = with_rows(features, near_duplicate=LabelledRows.of(test.rows, test.labels))
    leakage = measure_leakage(candidates[challenger.key], leaking, "hinge_loss")
    assert leakage.n_near_duplicates == len(test.labels)
    assert (
        leakage.accuracy_without == measure_leakage(candidates[challenger.key], features, "hinge_loss").accuracy_without
    )
    assert leakage.figures["leakage_tax"] == leakage.accuracy_with - leakage.accuracy_without > 0


def test_the_tax_is_measured_on_rows_in_which_words_count_as_much_as_for_the_candidate(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features
) -> None:
    """Its words say what is right, its characters the opposite: it is right where words count more."""
    candidate = candidate_of_each_set["words+characters"]
    says = np.where(np.arange(len(candidate.svc.coefficients)) < every_set.of("words").fitted.n_columns, 1, -1)
    asked = candidate.hyperparameters.model_copy(update={"word_share": 0.999})
    torn = replace(candidate.svc, coefficients=candidate.svc.coefficients * says)
    leakage = measure_leakage(replace(candidate, hyperparameters=asked, svc=torn), every_set, "hinge_loss")
    assert leakage.accuracy_without > 0.9


def test_train_with_near_duplicates_lies_where_all_that_is_large_does(
    challenger: Challenger,
    candidates: dict[str, Candidate],
    features: Features,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = features.of().rows["test"]
    leaking = replace(with_rows(features, near_duplicate=test), folder=tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    assert measure_leakage(candidates[challenger.key], leaking, "hinge_loss").n_near_duplicates == len(test.labels)


def test_the_tax_is_measured_on_the_feature_set_of_the_candidate(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features
) -> None:
    candidate = candidate_of_each_set["characters"]
    characters = every_set.of("characters")
    set_aside = replace(characters, rows={**characters.rows, "near_duplicate": characters.rows["train"]})
    leaking = replace(every_set, sets={**every_set.sets, "characters": set_aside})
    leakage = measure_leakage(candidate, leaking, "hinge_loss")
    assert leakage.n_near_duplicates == len(characters.rows["train"].labels)
    assert leakage.accuracy_with == pytest.approx(leakage.accuracy_without, abs=0.05), "it knew them all"


def test_a_test_review_of_which_nothing_is_known_is_negative_wherever_the_threshold_lies(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    candidate, labels = candidates[challenger.key], features.of().rows["test"].labels
    gloomy = replace(candidate, svc=replace(candidate.svc, intercept=-1.0))
    nothing = sparse.csr_matrix((len(labels), features.of().fitted.n_columns), dtype=np.float32)
    leakage = measure_leakage(gloomy, with_rows(features, test=LabelledRows.of(nothing, labels)), "hinge_loss")
    assert leakage.accuracy_without == (labels == 0).mean()


def test_how_long_w_is_does_not_show(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    """What calibrates would else believe that such small margins say little, and put the threshold elsewhere."""
    svc = replace(candidates[challenger.key].svc, intercept=-1.0)
    short = replace(svc, coefficients=1e-6 * svc.coefficients, intercept=1e-6 * svc.intercept)
    natural, tiny = (
        measure_leakage(replace(candidates[challenger.key], svc=each), features, "hinge_loss") for each in (svc, short)
    )
    assert tiny == natural
