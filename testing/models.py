"""A model that is made, not trained, for tests of what happens to models."""

import io
import json

import dagster as dg
import numpy as np

from sentiment_assets.learning.calibration import Calibration
from sentiment_assets.learning.feature_set import FeaturePart, FittedFeatureSet
from sentiment_assets.learning.model import SentimentModel, model_digest
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.learning.weighting import ColumnWeights
from sentiment_assets.resources.tracking import Tracking

_NGRAMS = NgramSettings(longest=1, columns_log2=16)


def made_model(good: str = "superb", bad: str = "dull") -> SentimentModel:
    """A model that knows two words, each with a margin of 1 or -1."""
    columns = {word: int(hash_ngrams([word], _NGRAMS).indices[0]) for word in (good, bad)}
    ascending = sorted(columns.values())
    weights = ColumnWeights(np.array(ascending, np.int32), np.ones(2, np.float32))
    return SentimentModel(
        feature_set=FittedFeatureSet((FeaturePart(_NGRAMS, weights),)),
        coefficients=np.array([1 if column == columns[good] else -1 for column in ascending], np.float32),
        intercept=0.0,
        calibration=Calibration(2.0),
        trained_on=np.empty(0, np.uint64),
        trained_signatures=NO_SIGNATURES,
    )


def reference_of_a_former_release() -> bytes:
    """A reference that can be stored and read, and holds nothing that batches could be compared with."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, facts=np.array(json.dumps({"format": "r0"})))
    return buffer.getvalue()


def train_run(run_id: str, root_run_id: str | None = None) -> dg.DagsterRun:
    """A Dagster run of a train job; with ``root_run_id`` one that was executed again."""
    return dg.DagsterRun("train", run_id=run_id, root_run_id=root_run_id, parent_run_id=root_run_id)


def register(tracking: Tracking, branch: str, model: SentimentModel) -> str:
    """Register a model; all those of a branch are of one parent run, as those of a train run and its repetitions."""
    parent = tracking.parent_run(branch, "v1", train_run("r1"), joins_newest=True)
    digest, reference = f"{model_digest(model)}-r0", reference_of_a_former_release()
    return tracking.register(
        branch, parent, model=model, reference=reference, digest=digest, metrics={"test_accuracy": 1}, description="why"
    )
