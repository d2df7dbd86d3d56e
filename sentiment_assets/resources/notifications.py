"""Messages to people, through the library ``apprise``: chat, e-mail, webhooks; see its list of services."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import dagster as dg
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


@dataclass(frozen=True)
class Message:
    """What people read: one cause, one message."""

    severity: Severity
    title: str
    body: str
    links: Mapping[str, str] = field(default_factory=dict)
    """The links, by what they show."""

    @property
    def text(self) -> str:
        """The body and the links, as plain text."""
        return "\n".join([self.body, *(f"{name}: {link}" for name, link in self.links.items())])


class NotSent(RuntimeError):
    """A target did not take a message; says why, without its secret."""


class Notifications(dg.ConfigurableResource[Any]):
    """The way out."""

    dagster_ui: str
    """Where people open Dagster, for links."""

    def send(self, env: str, message: Message) -> None:
        """Send a message to the target whose URL the environment variable ``env`` holds. Raises ``NotSent``."""
        import apprise

        url = os.environ.get(env, "")
        target = apprise.Apprise()
        if not url:
            raise NotSent(f"the environment variable {env} is not set where Dagster's code server runs")
        if not target.add(url):
            raise NotSent(f"what the environment variable {env} holds is not a URL that apprise knows")
        kind = {"error": apprise.NotifyType.FAILURE, "warning": apprise.NotifyType.WARNING}
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
            sent = target.notify(
                title=message.title,
                body=message.text,
                notify_type=kind.get(message.severity, apprise.NotifyType.INFO),
                body_format=apprise.NotifyFormat.TEXT,
            )
            why = said.getvalue().strip()
        if not sent:
            raise NotSent(f"{env}: {why or 'it was refused'}")
