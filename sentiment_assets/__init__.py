"""Sentiment Assets: landed reviews in, a promoted sentiment model and scored reviews out, by Dagster assets."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment_assets.branch.component import SentimentBranch

__all__ = ["SentimentBranch"]


def __getattr__(name: str) -> object:
    """Load the component when it is asked for, so that ``learning`` can be used without Dagster."""
    if name == "SentimentBranch":
        from sentiment_assets.branch.component import SentimentBranch

        return SentimentBranch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
