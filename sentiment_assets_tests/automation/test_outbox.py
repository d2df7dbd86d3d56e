from sentiment_assets.automation.outbox import Waiting, address, deliver
from sentiment_assets.resources.alert_targets import AlertTarget
from sentiment_assets.resources.notifications import Message, NotSent

QUIET, LOUD = AlertTarget(env="PAGER", severity="error"), AlertTarget(env="CHAT", severity="info")
FAILURE, NEWS = Message("error", "a run failed", "why"), Message("info", "a champion", "figures")


def test_a_message_goes_to_those_who_want_its_severity() -> None:
    waiting = address([FAILURE, NEWS], [QUIET, LOUD])
    assert [(each.env, each.message.severity) for each in waiting] == [
        ("PAGER", "error"),
        ("CHAT", "error"),
        ("CHAT", "info"),
    ]


def down(env: str, message: Message) -> None:
    if env == "CHAT":
        raise NotSent("CHAT: no answer")


def test_what_a_target_does_not_take_stays_and_waits_longer_each_time() -> None:
    first = deliver(address([FAILURE, NEWS], [QUIET, LOUD]), down, lambda: 100.0, until=1e9)
    assert [each.message for each in first] == [FAILURE, NEWS], "nothing is lost, and the order is kept"
    assert [each.attempts for each in first] == [1, 0], "a target that is down is asked once a round"
    assert (first[0].not_before, first[0].why) == (130.0, "CHAT: no answer")
    second = deliver(first, down, lambda: 200.0, until=1e9)
    assert second[0].not_before == 260.0
    alone = second[:1]
    assert deliver(alone, up, lambda: 201.0, until=1e9) == alone, "it is not due yet"
    assert deliver(second, up, lambda: 201.0, until=1e9) == [], "a newer message shows that the target is back"


def up(env: str, message: Message) -> None:
    """Takes everything."""


def test_the_longest_wait_is_an_hour_and_time_may_run_out() -> None:
    tired = Waiting("CHAT", NEWS, attempts=30)
    assert deliver([tired], down, lambda: 0.0, until=1)[0].not_before == 3_600
    assert deliver([tired], down, lambda: 5.0, until=1) == [tired]
