"""What a trial comes to: a hyperparameter set of somebody's own beside the candidates of the branch's search."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.candidate_figures import candidate_figures
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.settings import SelectionMetric
from sentiment_assets.presentation.wording import counted

LOSS = "validation_loss"


@dataclass(frozen=True)
class TrialResult:
    """The figures of a trial, on reviews held out of training; test is left alone, so that it stays honest."""

    sentence: str
    figures: Mapping[str, float]
    beside: pd.DataFrame
    """The trial and the candidates with their losses, the smallest first; columns: name, trial and validation_loss."""


def judge_trial(
    trial: Candidate, candidates: Mapping[str, Candidate], features: Features, metric: SelectionMetric
) -> TrialResult:
    """Compare a trial with ``candidates`` that were trained on the same ``features``; there may be none."""
    figures = candidate_figures(trial, features, metric)
    rows = [
        {"name": key, "trial": False, LOSS: candidate_figures(each, features, metric)[LOSS]}
        for key, each in candidates.items()
    ]
    rows.append({"name": trial.hyperparameters.key, "trial": True, LOSS: figures[LOSS]})
    beside = pd.DataFrame(rows).sort_values(LOSS, kind="stable", ignore_index=True)
    n = len(features.asked_by(trial.hyperparameters).held_out_labels)
    said = f"{trial.hyperparameters.key}: validation loss {figures[LOSS]:.4f} on {counted(n, 'review')} held out"
    if not candidates:
        return TrialResult(f"{said}; no candidate is trained on the current features yet.", figures, beside)
    place = int(beside.index[beside["trial"]][0]) + 1
    best = beside[~beside["trial"]].iloc[0]
    return TrialResult(
        f"{said}, {best[LOSS]:.4f} of the best candidate, {best['name']}; place {place} of {len(beside)}.",
        figures,
        beside,
    )
