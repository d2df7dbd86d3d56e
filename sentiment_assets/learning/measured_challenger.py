"""What is measured of a challenger once it is there: beside the champion, by its behaviour, and for people to see."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from sentiment_assets.learning.behaviour import BehaviourResult, check_behaviour
from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.candidate_figures import candidate_figures
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.leakage import measure_leakage
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.paired_comparison import PairedComparison
from sentiment_assets.learning.promotion import ChampionTestMargins, compare_with_champion, measure_champion
from sentiment_assets.learning.train_report import TrainReport, make_train_report


@dataclass(frozen=True)
class MeasuredChallenger:
    """The challenger's figures, and the champion's beside them."""

    champion: ChampionTestMargins | None
    """``None`` if there is none."""
    comparison: PairedComparison | None
    """``None`` without a champion, or with one that knows all test reviews."""
    behaviour: BehaviourResult
    report: TrainReport
    figures: Mapping[str, float]
    """What is tracked beside the challenger's own metrics."""


def measure_challenger(
    challenger: Challenger,
    champion: SentimentModel | None,
    *,
    candidates: Mapping[str, Candidate],
    features: Features,
    splits: pd.DataFrame,
    cases: BehaviourCases,
    batch_keys: Sequence[str],
) -> MeasuredChallenger:
    """Compare the challenger with the champion, try the behavioural cases on it, and draw its train report.

    ``candidates`` are those that it was selected from; they were trained on ``features``, which were built from
    ``splits``, whose batches are among ``batch_keys``, all there are in their order.
    """
    selected = candidates[challenger.key]
    with ThreadPoolExecutor(1) as beside:  # SGD lets go of Python's lock
        leakage = beside.submit(measure_leakage, selected, features, challenger.metric)
        on_test = measure_champion(champion, splits) if champion else None
        comparison = (
            compare_with_champion(challenger, on_test, splits, features.similarity, batch_keys=batch_keys)
            if on_test
            else None
        )
        behaviour = check_behaviour(challenger.model, cases)
        report = make_train_report(
            challenger, champion=on_test, candidates=candidates, features=features, splits=splits, behaviour=behaviour
        )
    of_selected = candidate_figures(selected, features, challenger.metric)
    figures = {
        **{name: value for name, value in of_selected.items() if name.startswith("validation_")},
        **leakage.result().figures,
        **report.figures,
        **(comparison.figures if comparison else {}),
    }
    return MeasuredChallenger(
        champion=on_test, comparison=comparison, behaviour=behaviour, report=report, figures=figures
    )
