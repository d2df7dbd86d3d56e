"""Another version of a branch's model becomes the champion: one that somebody names, or the one before."""

from sentiment_assets.resources.mlflow_settings import MlflowAway, require_mlflow, tracking_uri
from sentiment_assets.resources.registry import ChangedModel, NoSuchVersion, champion_before, make_champion

_UNTIL = (
    "A train run may promote another one: to keep this one, turn the sensor {branch}_retraining and the schedule "
    "{branch}_retraining_schedule off in Dagster"
)


class CannotPromote(ValueError):
    """There is no such version, its files were changed, or MLflow is away; the message says what to do."""


def promote(branch: str, version: str | None) -> str:
    """Make a version the champion, without ``version`` the one before; returns the sentences that say so.

    Raises ``CannotPromote``.
    """
    uri = tracking_uri()
    try:
        require_mlflow(uri)
        wanted = version or champion_before(branch, uri)
        former = make_champion(branch, wanted, uri)
    except (ChangedModel, MlflowAway, NoSuchVersion) as error:
        raise CannotPromote(str(error)) from error
    if former == wanted:
        return f"{branch}: version {wanted} is the champion already"
    now = f"{branch}: version {wanted} is the champion, it was {former or 'none'}"
    return f"{now}. {_UNTIL.format(branch=branch)}" if former else now
