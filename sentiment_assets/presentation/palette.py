"""Every colour that people see, in pages and in pictures, under the name of what it stands for."""

from collections.abc import Mapping

POSITIVE, NEGATIVE = "#1b6ca8", "#b0501f"
"""What pushes a score up, and what pushes it down."""
VOLUME = "#b9c4cd"
"""The number of reviews behind a figure."""
SELECTED, OTHER = "#c0392b", "#8a9aa9"
"""The selected candidate, and everything that stands beside it for comparison."""
OK, WARN, UNKNOWN, NOT_CHECKED = "#2e7d50", "#b35309", "#5c6b79", "#e4e7eb"
"""The verdicts of a check, and a batch that it has not seen."""
TEXT, SECONDARY_TEXT, RULE, GROUND, RAISED = "#1f2933", "#52606d", "#d9dfe5", "#ffffff", "#f4f6f8"
"""Letters, letters that matter less, the lines of a table, what they stand on, and what is lifted from it."""
ON_DARK, ON_LIGHT = "white", "black"
"""Numbers written into a coloured cell."""
UNCOLOURED = "#000000"
"""Letters and axes to which matplotlib was told no colour."""
LOSSES, COUNTS = "viridis_r", "Blues"
"""Matplotlib's colour maps: a smaller loss is lighter, a larger count is darker."""

LIGHT: Mapping[str, str] = {
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "volume": VOLUME,
    "other": OTHER,
    "ok": OK,
    "warn": WARN,
    "unknown": UNKNOWN,
    "not-checked": NOT_CHECKED,
    "text": TEXT,
    "secondary-text": SECONDARY_TEXT,
    "rule": RULE,
    "ground": GROUND,
    "raised": RAISED,
    "on-colour": "#ffffff",
}
"""The colours of pages by the names that style sheets have for them, on a light screen and on paper."""
DARK: Mapping[str, str] = {
    "positive": "#6db8f2",
    "negative": "#f0a06c",
    "volume": "#4a5763",
    "other": "#8a9aa9",
    "ok": "#6fce98",
    "warn": "#f2b061",
    "unknown": "#a9b6c2",
    "not-checked": "#36424d",
    "text": "#e6ebf0",
    "secondary-text": "#aab6c1",
    "rule": "#36424d",
    "ground": "#14191e",
    "raised": "#1e252c",
    "on-colour": "#14191e",
}
"""The same on a dark screen."""
