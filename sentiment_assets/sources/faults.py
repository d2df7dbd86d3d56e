"""Why a pull failed, as people read it: which source, what is the matter, what to do; and never a secret."""

import os
import re
from base64 import b64encode
from urllib.parse import quote, quote_plus

from sentiment_assets.resources.urls import without_secrets
from sentiment_assets.sources.pull_log import PulledMeanwhile
from sentiment_assets.sources.rest import UnexpectedAnswer
from sentiment_assets.sources.settings import Secret, SourceSettings, UnfitSource

_HIDDEN = "***"
_QUERY = re.compile(r"\?[\w.~-]+=[^\s'\")]*")
"""The parameters of an address, of which a library may tell the path alone."""
_LONGEST = 1_500
"""Characters of a message: databases quote whole statements, and servers whole pages."""
_REFUSED = range(400, 500)
_FOR_THE_MOMENT = (408, 425, 429)


class PullFailed(RuntimeError):
    """A pull landed nothing; what it would have landed is pulled next time."""

    def __init__(self, said: str, *, may_help_later: bool) -> None:
        super().__init__(said)
        self.may_help_later = may_help_later
        """Whether the same pull may succeed later without anybody's doing."""


def explained(error: Exception, branch: str, settings: SourceSettings, landing: str) -> PullFailed:
    """What is to be raised for an error: what libraries say is searched for secrets."""
    reason = _innermost(error)
    said = f"{branch}: source {settings.name}: {_not_comparable(error) or _sentence(reason)}"
    return PullFailed(hidden(said, settings, landing)[:_LONGEST], may_help_later=_may_help_later(reason))


def hidden(said: str, settings: SourceSettings, landing: str = "") -> str:
    """A message without the values of the source's variables, in whatever spelling, and without those of addresses."""
    values = [os.environ.get(each.env, "") for each in _secrets_of(settings)]
    said = _QUERY.sub("", without_secrets(said, landing, *values))
    user = settings.rest.auth.user if settings.rest and settings.rest.auth else None
    values += [f"{user}:{value}" for value in values if user and value]
    spellings = {spelling for value in values if value.strip() for spelling in _spellings(value.strip())}
    for each in sorted(spellings, key=len, reverse=True):
        said = said.replace(each, _HIDDEN)
    return said


def _secrets_of(settings: SourceSettings) -> list[Secret]:
    found = [settings.sql.connection] if settings.sql else []
    return [*found, settings.rest.auth] if settings.rest and settings.rest.auth else list(found)


def _spellings(value: str) -> set[str]:
    return {value, quote(value), quote(value, safe=""), quote_plus(value), b64encode(value.encode()).decode()}


def _innermost(error: Exception) -> BaseException:
    """What dlt wraps into errors of its own."""
    reason: BaseException = error
    while type(reason).__module__.startswith("dlt.extract") and reason.__cause__ is not None:
        reason = reason.__cause__
    return reason


def _not_comparable(error: Exception) -> str:
    """What is the matter if dlt cannot compare the values of a cursor; nothing if it is something else."""
    each: BaseException | None = error
    while each is not None and type(each).__name__ != "IncrementalCursorInvalidCoercion":
        each = each.__cause__
    if each is None:
        return ""
    return (
        f"the values of the cursor `{getattr(each, 'cursor_path', '')}` are of several kinds, such as numbers and "
        "text, and which of them is the newest cannot be told: let all be of one kind, in a database by a `query` "
        "with a `CAST`, or name another column"
    )


def _sentence(reason: BaseException) -> str:
    if isinstance(reason, (UnfitSource, PulledMeanwhile)):
        return f"{reason}"
    if isinstance(reason, UnexpectedAnswer):
        return f"the vendor {reason}"
    if _is_of_paginator(reason):
        return f"the `paginator` does not find in an answer what it needs ({type(reason).__name__}): see its settings"
    return f"{type(reason).__name__}: {reason}"


def _is_of_paginator(reason: BaseException) -> bool:
    """Whether dlt's own code for pages says it, which quotes whole answers."""
    frame = reason.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and frame.tb_frame.f_code.co_filename.endswith("paginators.py")


def _may_help_later(reason: BaseException) -> bool:
    if isinstance(reason, (UnfitSource, TypeError)) or _is_of_paginator(reason):
        return False
    status = getattr(getattr(reason, "response", None), "status_code", None)
    if isinstance(status, int):
        return status not in _REFUSED or status in _FOR_THE_MOMENT
    if "no such table" in str(reason):  # as SQLite says it, by the error of what may pass
        return False
    return type(reason).__name__ not in (
        "ProgrammingError",
        "ArgumentError",
        "NoSuchModuleError",
        "DictValidationException",
    )
