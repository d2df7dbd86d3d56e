"""Who of the team is told what."""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from sentiment_assets.settings_base import Settings

Severity = Literal["info", "warning", "error"]
_RANK: Mapping[str, int] = {"info": 0, "warning": 1, "error": 2}


class AlertTarget(Settings):
    """Who is told what."""

    env: str = Field(
        min_length=1,
        description="Name of the environment variable that holds the target's apprise URL "
        "(`slack://…`, `mailtos://…`, `msteams://…`, `json://…`); the secret itself never stands in YAML.",
    )
    severity: Severity = Field(default="warning", description="The least that is sent: `info`, `warning` or `error`.")

    def wants(self, severity: Severity) -> bool:
        """Whether messages of that severity go there."""
        return _RANK[severity] >= _RANK[self.severity]


def each_once(targets: Iterable[AlertTarget]) -> list[AlertTarget]:
    """The targets of several branches together: who stands there more than once gets the most that was asked for."""
    least_last = sorted(targets, key=lambda each: _RANK[each.severity], reverse=True)
    return list({each.env: each for each in least_last}.values())
