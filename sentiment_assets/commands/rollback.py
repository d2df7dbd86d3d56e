"""``sentiment-assets rollback``: a former version of a branch's model becomes the champion again."""

from sentiment_assets.resources.mlflow_settings import MlflowAway, require_mlflow, tracking_uri
from sentiment_assets.resources.registry import ChangedModel, NoSuchVersion, make_champion


class CannotRollBack(ValueError):
    """There is no such version, its files were changed, or MLflow is away; the message says what to do."""


def roll_back(branch: str, version: str) -> str:
    """Make a version the champion; returns the sentence that says so. Raises ``CannotRollBack``."""
    try:
        require_mlflow(tracking_uri())
        former = make_champion(branch, version, tracking_uri())
    except (ChangedModel, MlflowAway, NoSuchVersion) as error:
        raise CannotRollBack(str(error)) from error
    return f"{branch}: version {version} is the champion, it was {former or 'none'}"
