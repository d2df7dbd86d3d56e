"""Sentiment Assets: landed reviews in, a promoted sentiment model and scored reviews out, by Dagster assets."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment_assets.branch.component import SentimentBranch
    from sentiment_assets.serving.champion import Champion

__all__ = ["SentimentBranch", "load_champion"]


def load_champion(branch: str, version: str | int | None = None, tracking_uri: str | None = None) -> "Champion":
    """The champion of a branch, or another registered version of it, ready to score raw texts; without Dagster.

    It is looked up in the MLflow that ``tracking_uri`` names, else where this project keeps it: MLFLOW_TRACKING_URI, or
    the database in SENTIMENT_HOME. Raises ``NoSuchVersion``, also while there is no champion, ``ChangedModel`` and
    ``MlflowAway``, which say what to do.
    """
    from sentiment_assets.resources.mlflow_settings import require_mlflow
    from sentiment_assets.resources.mlflow_settings import tracking_uri as default_uri
    from sentiment_assets.resources.registry import version_of
    from sentiment_assets.serving.champion import champion_from

    uri = tracking_uri or default_uri()
    require_mlflow(uri)
    return champion_from(branch, version_of(branch, None if version is None else str(version), uri))


def __getattr__(name: str) -> object:
    """Load the component when it is asked for, so that ``learning`` can be used without Dagster."""
    if name == "SentimentBranch":
        from sentiment_assets.branch.component import SentimentBranch

        return SentimentBranch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
