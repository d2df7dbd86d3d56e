"""All that people look at after a train run: pictures and tables, by the name they have in MLflow and in Dagster."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.behaviour import BehaviourResult
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.flips import flip_review, flips_by_ngram
from sentiment_assets.learning.ledger import sweep_ledger
from sentiment_assets.learning.loss_surface import loss_surface
from sentiment_assets.learning.metrics import confusion
from sentiment_assets.learning.pictures import (
    draw_confusion,
    draw_ledger,
    draw_losses,
    draw_reliability,
    draw_search,
    draw_surface,
    draw_top_ngrams,
)
from sentiment_assets.learning.promotion import ChampionTestMargins
from sentiment_assets.learning.splitting import TEST, TRAIN, VALIDATION, reviews_of
from sentiment_assets.learning.top_ngrams import top_ngrams
from sentiment_assets.presentation.spreadsheet import table_to_csv


@dataclass(frozen=True)
class TrainReport:
    """Pictures and tables of a train run."""

    pictures: Mapping[str, bytes]
    """PNG or SVG, by file name."""
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, float]

    @property
    def files(self) -> dict[str, bytes]:
        """All of it by file name, tables as CSV."""
        tables = {f"{name}.csv": table_to_csv(table) for name, table in self.tables.items()}
        return {**self.pictures, **tables}


def make_train_report(
    challenger: Challenger,
    *,
    champion: ChampionTestMargins | None,
    candidates: Mapping[str, Candidate],
    features: Features,
    splits: pd.DataFrame,
    behaviour: BehaviourResult,
) -> TrainReport:
    """Describe the search, the challenger, and how it differs from the champion."""
    model, losses, selected = challenger.model, challenger.validation_losses, challenger.key
    asked = candidates[selected].hyperparameters
    validation, test = features.asked_by(asked).rows[VALIDATION], challenger.features.rows[TEST]
    alike = {key: each for key, each in candidates.items() if each.hyperparameters.rows == asked.rows}
    ledger = sweep_ledger(candidates, losses)
    trained_on = np.flatnonzero(splits["split"].isin(DEVELOPMENT))
    top = top_ngrams(model, splits["text"], challenger.features.rows[TRAIN], places=trained_on)
    probabilities = model.calibration.probabilities(challenger.test_margins)
    tables = {
        "sweep_ledger": ledger,
        "top_ngrams": top,
        "behaviour": pd.DataFrame(behaviour.by_group),
        "behaviour_failures": pd.DataFrame(behaviour.failures),
    }
    if champion is not None:
        flips = flip_review(
            challenger=model,
            challenger_margins=challenger.test_margins,
            champion=champion.model,
            champion_margins=champion.test_margins,
            reviews=reviews_of(splits, TEST),
        )
        tables |= {"flips_by_ngram": flips_by_ngram(flips), "flips": flips}
    pictures = {
        "loss_per_epoch.png": draw_losses(candidates, selected),
        "search.png": draw_search(candidates, losses, selected),
        "loss_surface.png": draw_surface(loss_surface(alike, selected, validation), selected),
        "reliability.png": draw_reliability(probabilities, test.labels),
        "confusion.png": draw_confusion(confusion(challenger.test_margins, test.labels)),
        "top_ngrams.svg": draw_top_ngrams(top),
        "sweep_ledger.png": draw_ledger(ledger),
    }
    figures = {"behaviour_cases": float(len(behaviour.cases)), "behaviour_passed": float(behaviour.n_passed)}
    return TrainReport(pictures, tables, figures)
