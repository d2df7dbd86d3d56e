"""Personal data in texts: what of it is found, and the words that take its place.

A name in a text is not found: that would take a model of each language, and would be wrong too often to rely on.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sentiment_assets.ingestion.markup import has_markup, without_markup
from sentiment_assets.ingestion.settings import IngestionSettings, Kind

if TYPE_CHECKING:
    from linkify_it import LinkifyIt

Span = tuple[int, int]
_Finder = Callable[[str], Iterator[Span]]

STAND_INS: Mapping[Kind, str] = {
    "url": "_url_",
    "email": "_email_",
    "iban": "_iban_",
    "card": "_card_",
    "phone": "_phone_",
}
"""What a text has in the place of each kind of value, in the order in which they are looked for.

Each is one token to the vectorizer, no word of a language, and no part of an emoticon, as a bracket would be.
"""
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uffef"
)
"""Characters of scripts without spaces, but for wide letters and digits: beside an address they are no part of it."""
_LETTER = rf"[^\W{_UNSPACED}]"
_DOT = r"[.\uff0e]"
_MARK = r"[.\uff0e!#$%&'*+/=?^`{|}~-]"
_EMAIL = re.compile(
    rf"(?<!{_LETTER})(?<!{_MARK})(?<![@\uff20])'*+((?:{_LETTER}|{_MARK})++[@\uff20](?:{_LETTER}|-)++(?:{_DOT}(?:{_LETTER}|-)++)++)"
)
"""Begun only where no letter stands before, or a long text without an address would be read once a letter."""
_LIKE_A_URL = re.compile(r"://|\w\.\w")
_SURELY_A_URL = re.compile(r"\w+://|www\.|[^/]+/|[^/]+\.\w{3,}$", re.IGNORECASE)
"""A lone host that ends in two letters is none: "great.it was" only lacks a blank."""
_BETWEEN_GROUPS = r"[ \u00a0\u2009\u202f-]"
_LIKE_AN_IBAN = re.compile(
    rf"(?<![^\W_{_UNSPACED}])[A-Z]{{2}}\d\d(?:{_BETWEEN_GROUPS}?[A-Z0-9]){{11,30}}", re.IGNORECASE
)
_LIKE_A_CARD = re.compile(rf"(?<![\d+])\d(?:{_BETWEEN_GROUPS}?\d){{12,18}}(?!\d)")
_LIKE_A_PHONE = re.compile(r"(?:\d\D{0,4}){7}")
_BRACKET_OF_NO_NUMBER = re.compile(r"[(\[\uff08\uff3b](?!\s*[+\uff0b]?\d)")
"""The library takes it, and what stands in the brackets, for the beginning of the number behind them."""
_LIKE_A_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_SHORTEST_IBAN = 15


class Redactor:
    """Puts stand-ins in the place of the kinds of values that a branch wants redacted, and counts them."""

    def __init__(self, settings: IngestionSettings) -> None:
        privacy = settings.privacy
        finders: Mapping[Kind, _Finder] = {
            "url": _urls,
            "email": _emails,
            "iban": _ibans,
            "card": _cards,
            "phone": partial(_phones, regions=privacy.regions),
        }
        self.counts = Counter[Kind]()
        """How many values of each kind were found so far."""
        self._finders = [(kind, finders[kind]) for kind in STAND_INS if kind in privacy.redact]
        self._reads_markup = settings.html == "text"

    def redact(self, text: str) -> str:
        """The text with stand-ins; the very same one where nothing is found.

        It is read until nothing is found any more: of two values side by side, one may hide the other.
        """
        while (redacted := self._redact_once(text)) != text:
            text = redacted
        return text

    def _redact_once(self, text: str) -> str:
        for kind, find in self._finders:
            spans = list(find(text))
            self.counts[kind] += len(spans)
            for start, end in reversed(spans):
                text = text[:start] + STAND_INS[kind] + text[end:]
        return text

    def redact_value(self, value: Any) -> Any:
        """Any value of a raw row: texts in it are redacted, and a number that reads like a value to redact.

        Raises ``RecursionError`` for what is nested too deeply.
        """
        if not self._finders:
            return value
        if isinstance(value, str):
            return self.redact(without_markup(value) if self._reads_markup and has_markup(value) else value)
        if isinstance(value, Mapping):
            return {self.redact_value(name): self.redact_value(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_value(each) for each in value]
        written = str(value)
        redacted = self.redact(written)
        return value if redacted == written else redacted


def _urls(text: str) -> Iterator[Span]:
    if not _LIKE_A_URL.search(text):
        return
    for match in _linkify().match(text) or ():
        is_mail = match.schema == "mailto:" or text[: match.index].endswith(("@", "\uff20"))
        if not is_mail and _SURELY_A_URL.match(match.raw):
            yield match.index, match.last_index


@cache
def _linkify() -> "LinkifyIt":
    from linkify_it import LinkifyIt

    return LinkifyIt()


def _emails(text: str) -> Iterator[Span]:
    if "@" in text or "\uff20" in text:
        yield from (match.span(1) for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[Span]:
    from stdnum import iban

    for match in _LIKE_AN_IBAN.finditer(text):
        for end in range(match.end(), match.start() + _SHORTEST_IBAN - 1, -1):  # words in capitals may stand behind
            if text[end - 1].isalnum() and iban.is_valid(text[match.start() : end]):
                yield match.start(), end
                break


def _cards(text: str) -> Iterator[Span]:
    from stdnum import luhn

    for match in _LIKE_A_CARD.finditer(text):
        if luhn.is_valid("".join(str(int(each)) for each in match[0] if each.isdecimal())):  # wide digits, too
            yield match.span()


def _phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """Numbers with a plus wherever they stand, and those that somebody in one of the regions would dial."""
    if not _LIKE_A_PHONE.search(text):
        return
    from phonenumbers import Leniency, PhoneNumberMatcher

    text = _BRACKET_OF_NO_NUMBER.sub(" ", text)
    found = list(PhoneNumberMatcher(text, None, leniency=Leniency.POSSIBLE))
    for region in regions:
        found += PhoneNumberMatcher(text, region, leniency=Leniency.VALID)
    last = 0
    for start, end in sorted({(each.start, each.end) for each in found if not _LIKE_A_DATE.fullmatch(each.raw_string)}):
        if start >= last:
            yield start, end
            last = end
