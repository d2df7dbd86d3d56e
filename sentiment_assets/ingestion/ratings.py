"""The number in a rating as people and shops write it: "4.0 out of 5 stars", "4/5", "4,5", "80 %", "★★★★☆", "FIVE"."""

import math
import re
from functools import lru_cache

_NUMBER = r"(\d+(?:\.\d+|,\d{1,2})?)"
_OF = r"(?: ?/ ?| ?out of | ?of | ?von | ?van | ?sur | ?de | ?su | ?din | ?z | ?av | ?af | ?из | ?out ?of ?)"
_STARS_IN_WORDS = (
    r"stars?|sterne?n?|sterren|étoiles?|estrel(?:l)?as?|stelle|gwiazd\w+|stjärnor|stjerner|zv[eě]zd\w*|"
    r"hv[eě]zd\w*|hviezd\w*|csillag|stele|stea|tähteä|tähti|зв[её]зд\w*|зір\w+|αστέρια|αστέρι|نجوم|כוכבים|sao|ดาว|yıldız|つ?星|별"
)
_UNIT = rf"(?:[ -]?(?:%|[*★⭐🌟]\ufe0f?|{_STARS_IN_WORDS}|bubbles|star rating|points?|pts?|[点점分]))?"
_BEFORE = (
    r"(?:rated|rating|score|bewertet mit|bewertung|noté|note|valorado con|valoración|puntuación|classificado como|"
    r"avaliação|valutato|valutazione|voto|beoordeeld met|beoordeling|ocena|оценка|рейтинг)"
)
"""What shops write before the number, for those who hear a page: "Bewertet mit 4 von 5 Sternen"."""
_OF_A_CLASS = re.compile(r"(?:\S+ )*bubble_(\d)([05])")
"""The class of a picture of a rating, as pages of TripAdvisor have it: bubble_45 are four and a half."""
_WRITTEN = re.compile(rf"(?:{_BEFORE}:? |stars?[ _-]?|[★⭐🌟]\ufe0f? ?)?{_NUMBER}{_UNIT}(?:{_OF}{_NUMBER}{_UNIT})?\.?")
_HIGHEST_FIRST = re.compile(rf"{_NUMBER}(?:つ?星|点)(?:のうち|中) ?{_NUMBER}")
"""Shops in Japan write it so: of 5 stars, 4."""
_WITH_DECIMAL_COMMA = re.compile(r"-?(?:\d+,\d{1,2}|0,\d+)")
"""A comma before three digits parts thousands, but not after a 0."""
_IN_WORDS = re.compile(r"(one|two|three|four|five)(?:[ _-]?stars?)?")
_NUMBER_WORDS = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}
_FULL, _EMPTY, _HALF = "★⭐🌟*●", "☆✩○", "½⯪"
_STARS = re.compile(rf"[{_FULL}{_EMPTY}{_HALF}\ufe0f ]+")


@lru_cache(maxsize=4096)
def rating_in(text: str) -> float | None:
    """The rating that a text is, whatever scale it names, or ``None`` if it is something else."""
    written = text.strip().casefold()
    match = _WRITTEN.fullmatch(written)
    if match:
        return float(match[1].replace(",", "."))
    if match := _HIGHEST_FIRST.fullmatch(written):
        return float(match[2].replace(",", "."))
    if of_class := _OF_A_CLASS.fullmatch(written):
        return float(f"{of_class[1]}.{of_class[2]}")
    if in_words := _IN_WORDS.fullmatch(written):
        return _NUMBER_WORDS[in_words[1]]
    if written and _STARS.fullmatch(written):
        stars = sum(written.count(each) for each in _FULL) + sum(written.count(each) for each in _HALF) / 2
        return float(stars) if stars or any(each in written for each in _EMPTY) else None
    return None


@lru_cache(maxsize=4096)
def highest_named(text: str) -> float | None:
    """The highest rating of the scale that a text names: the 5 in "4/5", or all stars, full and empty, of "★★★★☆"."""
    written = text.strip().casefold()
    match = _WRITTEN.fullmatch(written)
    if match:
        return float(match[2].replace(",", ".")) if match[2] else 100.0 if written.endswith("%") else None
    if match := _HIGHEST_FIRST.fullmatch(written):
        return float(match[1].replace(",", "."))
    if _STARS.fullmatch(written) and any(each in written for each in _EMPTY):
        return float(sum(written.count(each) for each in (*_FULL, *_EMPTY, *_HALF)))
    return None


def number_of(value: object) -> float:
    """The rating that a value is, whatever its type; not a number for anything else, ``True`` and ``False`` too."""
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, str) and (rating := rating_in(value)) is not None:
        return rating
    if isinstance(value, str) and _WITH_DECIMAL_COMMA.fullmatch(value.strip()):
        value = value.replace(",", ".")
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
