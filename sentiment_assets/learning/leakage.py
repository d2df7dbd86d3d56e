"""The leakage tax: how much too high test accuracy would be if near-duplicates of held-out reviews stayed in train."""

from dataclasses import dataclass

from sentiment_assets.learning.candidate import Candidate, train_again
from sentiment_assets.learning.challenger import Challenger, calibrated
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.labelled_rows import joined_rows
from sentiment_assets.learning.metrics import (
    accuracy,
)
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, TEST, TRAIN, VALIDATION


@dataclass(frozen=True)
class LeakageTax:
    """What near-duplicates of held-out reviews in train would have brought, without being true."""

    n_near_duplicates: int
    accuracy_without: float
    """Test accuracy of the candidate, trained without them."""
    accuracy_with: float
    """Test accuracy of the same hyperparameter set, trained with them as well."""

    @property
    def figures(self) -> dict[str, float]:
        """The figures as they are tracked; the tax is how much too high test accuracy would have been."""
        return {
            "near_duplicates_set_aside": float(self.n_near_duplicates),
            "test_accuracy_with_near_duplicates": self.accuracy_with,
            "leakage_tax": self.accuracy_with - self.accuracy_without,
        }


def measure_leakage(challenger: Challenger, candidate: Candidate, features: Features) -> LeakageTax:
    """Train the challenger's ``candidate`` once more, with the near-duplicates that were set aside."""
    rows = features.of(candidate.hyperparameters.features).rows
    train, aside, test, validation = (rows[name] for name in (TRAIN, NEAR_DUPLICATE, TEST, VALIDATION))
    without = challenger.metrics["test_accuracy"]
    if not len(aside.labels):
        return LeakageTax(0, without, without)
    together = joined_rows(train, aside)
    leaking, _ = calibrated(train_again(candidate, together, validation), validation)
    return LeakageTax(len(aside.labels), without, accuracy(leaking.margins(test.rows), test.labels))
