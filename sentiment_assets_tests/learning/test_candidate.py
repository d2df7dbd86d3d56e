import io
import json

import numpy as np
import pytest

from sentiment_assets.learning.candidate import (
    Candidate,
    candidate_from_bytes,
    candidate_to_bytes,
    train_again,
    train_candidate,
)
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.settings import FeatureSet


def test_a_candidate_survives_storage(candidates: dict[str, Candidate]) -> None:
    for candidate in candidates.values():
        again = candidate_from_bytes(candidate_to_bytes(candidate))
        assert again.hyperparameters == candidate.hyperparameters
        assert again.svc.coefficients.tobytes() == candidate.svc.coefficients.tobytes()
        assert again.loss_per_epoch == candidate.loss_per_epoch
        assert again.cost == candidate.cost
        assert again.svc.path.tobytes() == candidate.svc.path.tobytes()


def test_a_candidate_of_a_former_release_was_trained_without_class_weights(candidates: dict[str, Candidate]) -> None:
    candidate = next(iter(candidates.values()))
    with np.load(io.BytesIO(candidate_to_bytes(candidate)), allow_pickle=False) as arrays:
        kept = dict(arrays)
    facts = json.loads(str(kept["facts"]))
    del facts["hyperparameters"]["class_weight"]
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{**kept, "facts": np.array(json.dumps(facts))})
    former = candidate_from_bytes(buffer.getvalue())
    assert former.hyperparameters.key == f"{candidate.hyperparameters.key}|class_weight=none", "so it is asked for anew"


def test_what_training_cost_is_kept(candidates: dict[str, Candidate]) -> None:
    for candidate in candidates.values():
        assert 0 < candidate.cost.cpu_seconds < 60
        assert 0 < candidate.cost.wall_seconds < 60
        assert 20 < candidate.cost.peak_megabytes < 100_000


def test_trained_again_on_the_same_rows_it_points_the_same_way(
    candidates: dict[str, Candidate], features: Features
) -> None:
    candidate = list(candidates.values())[-1]
    again, svc = train_again(candidate, features.of().rows["train"]), candidate.svc
    assert again.coefficients / again.length == pytest.approx(svc.coefficients / svc.length, abs=1e-6)
    assert again.intercept / again.length == pytest.approx(svc.intercept / svc.length, abs=1e-6)


def test_a_candidate_is_trained_on_the_feature_set_that_it_asks_for(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features
) -> None:
    for asked, candidate in candidate_of_each_set.items():
        assert candidate.svc.coefficients.shape == (every_set.of(asked).fitted.n_columns,)
        assert candidate_from_bytes(candidate_to_bytes(candidate)).hyperparameters.features == asked


def test_one_that_asks_for_none_gets_words(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features
) -> None:
    words = candidate_of_each_set["words"]
    silent = words.hyperparameters.model_copy(update={"features": None})
    again = train_candidate(every_set, "v1", silent, mlflow_run_id="run")
    assert again.svc.coefficients.tobytes() == words.svc.coefficients.tobytes()
