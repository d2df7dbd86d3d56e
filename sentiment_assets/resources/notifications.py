"""Messages to people, through the library ``apprise``: chat, e-mail, webhooks; see its list of services."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from sentiment_assets.resources.alert_targets import Severity


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
