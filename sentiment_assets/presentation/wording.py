"""How numbers and long texts are written for people; one spelling for pages, messages and metadata."""

import math
from collections.abc import Sequence

LONGEST_NGRAM = 40
"""Characters of an n-gram that are shown."""
_LONGEST_EXAMPLE = 400
_PER_CENT = 100
_SMALLEST_P_VALUE = 1e-10


def percent(share: float) -> str:
    """Write a share, 0.034, as ``3.4 %``."""
    return f"{share * _PER_CENT:.1f} %"


def points(net_sentiment: float | None) -> str:
    """Write net sentiment, -1 to 1, in points from -100 to +100; a dash if it is missing."""
    if net_sentiment is None or math.isnan(net_sentiment):
        return "–"
    return f"{_PER_CENT * net_sentiment:+z.1f}"


def format_p_value(value: float) -> str:
    """Write a p-value with two digits, and the smallest ones as a bound."""
    return f"{value:.2g}" if value >= _SMALLEST_P_VALUE else "1e-10 or less"


def counted(number: int, one: str, several: str = "") -> str:
    """Write how many there are: ``1 row``, ``2,000 rows``; ``several`` is a plural that is not formed by an s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def first_lines(lines: Sequence[str], most: int, rest: str) -> list[str]:
    """The first ``most`` lines, and one that says how many more there are, and where: in ``rest``."""
    more = len(lines) - most
    return [*lines[:most], *([f"and {more} more, in {rest}"] if more > 0 else [])]


def shorten(text: str, longest: int) -> str:
    """Cut ``text`` to ``longest`` characters, with an ellipsis where something is missing."""
    return text if len(text) <= longest else text[:longest] + "…"


def example(text: str) -> str:
    """Cut a review to the length that is shown as an example."""
    return shorten(text, _LONGEST_EXAMPLE)
