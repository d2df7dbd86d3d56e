"""``sentiment-assets rollback``: a former version of a branch's model becomes the champion again."""

from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.resources.registry import make_champion


def roll_back(branch: str, version: str) -> str:
    """Make a version the champion; returns what people are told. Raises ``NoSuchVersion`` and ``ChangedModel``."""
    former = make_champion(branch, version, tracking_uri())
    return f"{branch}: version {version} is the champion, it was {former or 'none'}"
