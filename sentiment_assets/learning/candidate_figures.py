"""What is tracked of a candidate: how good it is on the reviews held out, and what it took."""

from dataclasses import asdict

from sentiment_assets.learning.calibration import CannotCalibrate, brier_score
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.challenger import fit_decision_of, held_out_loss, held_out_margins
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.metrics import accuracy, rates_per_label
from sentiment_assets.learning.settings import SelectionMetric


def candidate_figures(candidate: Candidate, features: Features, metric: SelectionMetric) -> dict[str, float]:
    """What is tracked of a candidate: how good it is on the reviews held out, with its threshold, and what it took.

    ``validation_loss`` is what candidates are compared by.
    """
    rows, loss = features.asked_by(candidate.hyperparameters), candidate.cross_validated_hinge_loss
    labels = rows.held_out_labels
    figures = {
        "validation_loss": held_out_loss(candidate, rows, metric),
        **({} if loss is None else {"cross_validated_hinge_loss": loss}),
        "epochs_kept": float(candidate.svc.best_epoch),
        **asdict(candidate.cost),
    }
    try:
        fitted = fit_decision_of(candidate, rows, metric)
    except CannotCalibrate:  # it knows next to nothing, so there is no probability to measure
        return figures
    margins = held_out_margins(candidate, rows, fitted.shift)
    rates = rates_per_label(margins, labels)
    return {
        **figures,
        "validation_accuracy": accuracy(margins, labels),
        **{f"validation_{name}": rates[name] for name in ("macro_f1",) if name in rates},
        "validation_brier_score": brier_score(fitted.calibration.probabilities(margins), labels),
    }
