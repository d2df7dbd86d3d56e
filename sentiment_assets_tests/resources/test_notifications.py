import json
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from sentiment_assets.resources.alert_targets import AlertTarget, each_once
from sentiment_assets.resources.notifications import Message, Notifications, NotSent
from testing.platform import Mailbox

MESSAGE = Message(
    "warning", "acme: text_drift of b.csv failed", "About 92 % <b>differ</b>.", {"Run": "http://d/runs/1"}
)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


def test_a_message_arrives_with_its_links_as_it_was_written(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_CHAT", mailbox.url)
    Notifications(dagster_ui="http://d").send("ACME_CHAT", MESSAGE)
    (body,) = mailbox.received
    told = json.loads(body)
    assert told["title"] == MESSAGE.title
    assert told["message"] == "About 92 % <b>differ</b>.\nRun: http://d/runs/1"
    assert told["type"] == "warning"


def test_what_goes_wrong_names_the_variable_and_not_the_secret(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    way_out = Notifications(dagster_ui="http://d")
    monkeypatch.delenv("ACME_CHAT", raising=False)
    with pytest.raises(NotSent, match="ACME_CHAT is not set"):
        way_out.send("ACME_CHAT", MESSAGE)
    monkeypatch.setenv("ACME_CHAT", "my secret")
    with pytest.raises(NotSent, match="not a URL that apprise knows") as refused:
        way_out.send("ACME_CHAT", MESSAGE)
    assert "my secret" not in str(refused.value)
    mailbox.down = True
    monkeypatch.setenv("ACME_CHAT", mailbox.url)
    with pytest.raises(NotSent, match=r"ACME_CHAT: .*503"):
        way_out.send("ACME_CHAT", MESSAGE)


def test_severities_are_ordered() -> None:
    target = AlertTarget(env="ACME_CHAT", severity="warning")
    assert [target.wants(each) for each in ("info", "warning", "error")] == [False, True, True]
    with pytest.raises(ValidationError, match="severity"):
        AlertTarget.model_validate({"env": "X", "severity": "loud"})


def test_who_is_named_by_several_branches_is_told_once_and_the_most() -> None:
    pager, chat = AlertTarget(env="PAGER", severity="error"), AlertTarget(env="CHAT", severity="warning")
    talkative = AlertTarget(env="CHAT", severity="info")
    for targets in ([chat, pager, talkative], [talkative, chat, pager, pager]):
        assert sorted(each_once(targets), key=lambda each: each.env) == [talkative, pager]
