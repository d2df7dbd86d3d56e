"""Losses that people see while a candidate trains: MLflow is told now and then, never after every epoch."""

import logging
from dataclasses import dataclass, field
from time import monotonic

from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.tracking import Tracking

_SECONDS = 10.0
"""An epoch of a small corpus takes milliseconds, and a request to MLflow as long."""


@dataclass
class LiveLosses:
    """What is told of each epoch, and tells MLflow; the last of it when training has ended."""

    tracking: Tracking
    run_id: str
    log: logging.Logger
    seconds: float = _SECONDS
    _train: list[float] = field(default_factory=list)
    _validation: list[float] = field(default_factory=list)
    _told: int = 0
    _told_at: float = field(default_factory=monotonic)

    def after_epoch(self, train_loss: float, validation_loss: float) -> None:
        """Note the losses after an epoch; training goes on if MLflow does not take them now."""
        from mlflow.exceptions import MlflowException

        self._train.append(train_loss)
        self._validation.append(validation_loss)
        if monotonic() - self._told_at < self.seconds:
            return
        try:
            self.tell()
        except (MlflowAway, MlflowException) as error:
            self._told_at = monotonic()
            self.log.warning(f"MLflow has not taken the losses so far, and is asked again later: {error}")

    def tell(self) -> None:
        """Log what MLflow has not been told yet."""
        losses = {"train_hinge_loss": self._train, "validation_hinge_loss": self._validation}
        new = {name: values[self._told :] for name, values in losses.items()}
        self.tracking.log_losses(self.run_id, new, first=self._told + 1)
        self._told, self._told_at = len(self._train), monotonic()
