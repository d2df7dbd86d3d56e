"""Sentiment Assets: landed reviews in, a promoted sentiment model and scored reviews out, by Dagster assets."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment_assets.branch.component import SentimentBranch
    from sentiment_assets.serving.champion import load_champion

__all__ = ["SentimentBranch", "load_champion"]


def __getattr__(name: str) -> object:
    """Load either when it is asked for, so that ``learning`` can be used without Dagster."""
    if name == "SentimentBranch":
        from sentiment_assets.branch.component import SentimentBranch

        return SentimentBranch
    if name == "load_champion":
        from sentiment_assets.serving.champion import load_champion

        return load_champion
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
