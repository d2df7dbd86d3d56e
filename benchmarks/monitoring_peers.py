"""The peers' half of `benchmarks.monitoring`, run by an interpreter that has them, not this project.

    uv venv --python 3.11 peers && uv pip install --python peers/bin/python \
        evidently "alibi-detect[tensorflow]" tensorflow-cpu nannyml "pyarrow<20" statsmodels "setuptools<80" "pandas<3"

Reads task.json and its tables in a folder, writes answer.json beside them. Each peer runs as its documentation shows:
Evidently's text drift with its own thresholds, Alibi Detect's MMD and KS on 50 SVD components of TF-IDF at p < 0.05,
NannyML's CBPE calibrated on the held-out reviews.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

_COMPONENTS, _ALPHA, _CHUNK = 50, 0.05, 1_000


def main(folder: Path) -> None:
    """Answer every question of the task."""
    warnings.simplefilter("ignore")
    task = json.loads((folder / "task.json").read_text())
    texts = pd.read_parquet(folder / "texts.parquet")["text"]
    reference = pd.read_parquet(folder / "reference.parquet")["text"]
    shuffled = reference.sample(frac=1, random_state=0)
    n = task["reference_reviews"]
    detectors = _detectors(shuffled.iloc[:n], shuffled.iloc[n : 2 * n])
    warned = {
        row: {name: [bool(detect(texts.iloc[ids])) for ids in batches] for name, detect in detectors.items()}
        for row, batches in task["warnings"].items()
    }
    answer = {
        "warnings": warned,
        "estimates": _estimates(folder, task["estimates"]),
        "seconds": _seconds(reference, texts.iloc[task["timed"]], task["our_reference_reviews"]),
    }
    (folder / "answer.json").write_text(json.dumps(answer))


def _detectors(reference, others):
    """What each peer says of a batch.

    The components are fitted on other reviews of the same source: fitted on the reference itself, they would fit it
    better than any batch, and MMD and KS would warn about every one.
    """
    from alibi_detect.cd import KSDrift, MMDDrift
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    components = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, min_df=2), TruncatedSVD(_COMPONENTS, random_state=0)
    ).fit(others)

    def project(texts):
        return components.transform(texts).astype(np.float32)

    mmd = MMDDrift(project(reference), backend="tensorflow", p_val=_ALPHA)
    ks = KSDrift(project(reference), p_val=_ALPHA)
    return {
        "Evidently": lambda texts: _evidently(reference, texts),
        "MMD": lambda texts: mmd.predict(project(texts))["data"]["is_drift"],
        "KS": lambda texts: ks.predict(project(texts))["data"]["is_drift"],
    }


def _evidently(reference, texts):
    """Evidently's text drift as shipped: the method and threshold that it chooses for samples of this size."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    definition = DataDefinition(text_columns=["text"])
    current, base = (
        Dataset.from_pandas(pd.DataFrame({"text": each.to_numpy()}), definition) for each in (texts, reference)
    )
    metric = Report([ValueDrift(column="text")]).run(current, base).dict()["metrics"][0]
    return float(metric["value"]) > float(metric["config"]["threshold"])


def _estimates(folder, rows):
    import nannyml

    scores = pd.read_parquet(folder / "scores.parquet")
    held_out = pd.read_parquet(folder / "held_out.parquet")
    held_out["prediction"] = (held_out["p"] > 0.5).astype(int)
    estimator = nannyml.CBPE(
        y_pred_proba="p",
        y_pred="prediction",
        y_true="label",
        problem_type="classification_binary",
        metrics=["accuracy"],
        chunk_size=_CHUNK,
    )
    estimator.fit(held_out)
    answer = {}
    for row, batches in rows.items():
        table = scores.iloc[np.concatenate(batches)].drop(columns="label").reset_index(drop=True)
        table["prediction"] = (table["p"] > 0.5).astype(int)
        told = estimator.estimate(table).filter(period="analysis").to_df()
        answer[row] = told["accuracy"]["value"].tolist()
    return answer


def _seconds(reference, texts, our_reference_reviews):
    """Of Evidently's text drift, with the size of reference the other peers have and with ours."""
    answer = {}
    for size in (2_000, our_reference_reviews):
        base = reference.sample(min(size, len(reference)), random_state=0)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            _evidently(base, texts)
            times.append(time.perf_counter() - start)
        answer[f"Evidently's text drift, reference of {size:,}"] = float(np.median(times))
    return answer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
