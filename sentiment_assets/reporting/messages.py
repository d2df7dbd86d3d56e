"""What reports say, in the language of their readers: the sentences are in a file for each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from markupsafe import Markup

from sentiment_assets.reporting import english

_MONTH, _SHORT_MONTH = "MMMM y", "MMM yy"


@dataclass(frozen=True)
class Messages:
    """The sentences of one language; another language is another file with the same names."""

    language: str
    """Its code, such as ``en``."""
    texts: Mapping[str, str]

    def __call__(self, name: str, /, **values: Any) -> Markup:
        """A sentence with its values, which are escaped; the sentence itself may hold tags."""
        return Markup(self.texts[name]).format(**values)  # noqa: S704  our own sentences

    def period(self, first_day: str, kind: str, *, short: bool = False) -> str:
        """The name of a period."""
        if kind == "month":
            written = format_date(date.fromisoformat(first_day), _SHORT_MONTH if short else _MONTH, self.language)
            return str(written)
        return first_day if short else str(self(kind, day=first_day))

    def known(self, name: str) -> bool:
        """Whether there is a sentence of that name."""
        return name in self.texts


ENGLISH = Messages("en", english.TEXTS)
