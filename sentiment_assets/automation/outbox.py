"""Messages on their way: each is delivered to every target that wants it, and tried again while one is down."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sentiment_assets.resources.alert_targets import AlertTarget
from sentiment_assets.resources.notifications import Message, NotSent

_FIRST_WAIT, _LONGEST_WAIT = 30.0, 3_600.0
MOST_WAITING = 1_000


@dataclass(frozen=True)
class Waiting:
    """One message for one target."""

    env: str
    message: Message
    attempts: int = 0
    not_before: float = 0.0
    """Seconds since 1970."""
    why: str = ""
    """What came of the last attempt."""


def address(messages: Iterable[Message], targets: Sequence[AlertTarget]) -> list[Waiting]:
    """Each message for each target that wants it."""
    return [Waiting(each.env, message) for message in messages for each in targets if each.wants(message.severity)]


def deliver(
    waiting: Sequence[Waiting],
    send: Callable[[str, Message], None],
    clock: Callable[[], float],
    until: float,
) -> list[Waiting]:
    """Send what is due before ``until``; returns what is left, in order.

    A target is due when one of its messages is, and is then sent all of them; one that is down is asked once a round.
    """
    left, due = [], {each.env for each in waiting if each.not_before <= clock()}
    for each in waiting:
        if each.env not in due or clock() > until:
            left.append(each)
            continue
        try:
            send(each.env, each.message)
        except NotSent as error:
            due.remove(each.env)
            wait = min(_FIRST_WAIT * 2**each.attempts, _LONGEST_WAIT)
            left.append(replace(each, attempts=each.attempts + 1, not_before=clock() + wait, why=str(error)))
    return left
