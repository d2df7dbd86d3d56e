"""Labels: what a value means by the branch's rule, and whether a rule that nobody wrote may be believed."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from sentiment_assets.ingestion.label_rules import (
    ProposedRule,
    numbers_in,
    proposed_rule,
    rule_of_classes,
    understood_without_a_rule,
)
from sentiment_assets.ingestion.ratings import highest_named, number_of
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import LabelRule, label_key
from sentiment_assets.ingestion.values import RejectedRow, is_missing, shown
from sentiment_assets.presentation.wording import counted

_MOST_SHOWN = 20


class UnknownScale(UnreadableFile):
    """A column of numbers that may mean anything, with the rule that is proposed for it."""

    def __init__(self, message: str, column: str, proposed: ProposedRule) -> None:
        super().__init__(message)
        self.column = column
        self.proposed = proposed


_key_of_text = lru_cache(maxsize=1024)(label_key)


def read_label(value: object, column: str, rule: LabelRule) -> int | None:
    """1, 0, or ``None`` for neutral and for no label. Raises ``RejectedRow``."""
    if is_missing(value):
        return None
    if rule.rating_bounds:
        return _label_of_rating(value, column, rule, rule.rating_bounds)
    key = _key(value)
    if key not in rule.label_of_value:
        known = ", ".join(rule.label_of_value)
        what_to_do = "add it under `labels:`, or under `placeholders:` if it says nothing"
        raise RejectedRow(column, f"{shown(value)} is not a known label ({known}); {what_to_do}")
    return rule.label_of_value[key]


def read_rating_position(value: object, rule: LabelRule) -> float | None:
    """Where a rating that ``read_label`` has taken lies on its scale, from -1, the lowest, to 1, the highest.

    ``None`` where the branch does not calibrate scores to ratings.
    """
    if rule.rating_scale is None:
        return None
    lowest, highest = rule.rating_scale
    return 2 * (number_of(value) - lowest) / (highest - lowest) - 1


def counted_key(value: object, rule: LabelRule) -> str | None:
    """Return the key by which a value is counted; ``None`` where there is none, or the rule goes by ratings."""
    return None if is_missing(value) or rule.rating_bounds else _key(value)


def _key(value: object) -> str:
    return _key_of_text(value) if isinstance(value, str) else label_key(value)


def require_meant(seen: Counter[str], column: str, rule: LabelRule, classes: Sequence[str] = ()) -> None:
    """Raise ``UnknownScale`` when a column's numbers may mean anything, and the branch has no rule for them.

    Stars from 1 to 5, classes 0, 1 and 2, and 1 with 2 all hold a 1 that does not mean positive. ``classes`` are the
    names that the file itself has for 0, 1 and so on, if it has any.
    """
    if not rule.is_default_for_numbers:
        return
    numbers = numbers_in(seen, rule)
    by_classes = rule_of_classes(classes, numbers) if numbers else None
    otherwise = by_classes if by_classes and by_classes.rule else None
    if understood_without_a_rule(numbers) and not otherwise:
        return
    values = [*numbers, *sorted(key for key in seen if key not in numbers)]
    counts = ", ".join(f"{shown(key)[1:-1]} ({counted(seen[key], 'row')})" for key in values[:_MOST_SHOWN])
    more = f" and {len(values) - _MOST_SHOWN:,} more" if len(values) > _MOST_SHOWN else ""
    proposed = otherwise or proposed_rule(seen, rule, column)
    why = otherwise.why if otherwise else "numbers other than 0 and 1, or -1 and 1, may mean anything"
    raise UnknownScale(
        f"its labels in column {column!r} are {counts}{more}, and {why}; say "
        "what they mean in the branch's YAML, for example (check that more is better): "
        f"`labels: {proposed.in_one_line}`",
        column,
        proposed,
    )


def _label_of_rating(value: object, column: str, rule: LabelRule, bounds: tuple[float, float]) -> int | None:
    negative_to, positive_from = bounds
    rating = number_of(value)
    if not math.isfinite(rating):
        raise RejectedRow(column, f"{shown(value)} is not a rating; a number, or one as in 4/5 or ★★★★☆, is expected")
    named = highest_named(value) if isinstance(value, str) else None
    if named and math.isfinite(rule.highest) and named != rule.highest:
        raise RejectedRow(column, f"{shown(value)} is of the scale up to {named:g}, and `highest` is {rule.highest:g}")
    if not rule.lowest <= rating <= rule.highest:
        raise RejectedRow(column, f"the rating {rating:g} lies outside {rule.lowest:g} to {rule.highest:g}")
    return 1 if rating >= positive_from else 0 if rating <= negative_to else None
