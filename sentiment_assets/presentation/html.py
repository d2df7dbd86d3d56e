"""Pages for people: templates whose values are escaped, so that review text is never markup."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sentiment_assets.monitoring.finding import percent, shorten

_LONGEST_EXAMPLE = 400


def html_environment(folder: Path) -> Environment:
    """The templates of a folder, with filters for shares (``percent``) and for long texts (``cut``)."""
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"percent": percent, "cut": lambda text: shorten(text, _LONGEST_EXAMPLE)}
    return environment
