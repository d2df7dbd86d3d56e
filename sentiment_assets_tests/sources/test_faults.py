"""What is said of a pull that failed holds no secret, however a library spells it."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from sentiment_assets.sources.faults import PullFailed, explained
from testing.shop import source_of

TOKEN = "a token/with: signs"  # noqa: S105  made up
REST = {"base_url": "https://api.example.com/", "path": "reviews", "auth": {"env": "STORE_TOKEN"}}


def said(message: str, landing: str = "landing/acme") -> str:
    failed = explained(ValueError(message), "acme", source_of(name="store", rest=REST).settings, landing)
    assert isinstance(failed, PullFailed)
    return str(failed)


@pytest.mark.parametrize("spelled", [TOKEN, quote(TOKEN), quote(TOKEN, safe=""), b64encode(TOKEN.encode()).decode()])
def test_a_token_is_hidden(monkeypatch: pytest.MonkeyPatch, spelled: str) -> None:
    monkeypatch.setenv("STORE_TOKEN", TOKEN)
    assert said(f"refused: {spelled}!") == "acme: source store: ValueError: refused: ***!"


def test_a_landing_place_is_shown_without_its_password() -> None:
    place = "s3://user:secret@bucket/landing"
    assert said(f"{place} is not there", place) == "acme: source store: ValueError: s3://bucket/landing is not there"


def test_a_message_is_not_longer_than_a_person_reads() -> None:
    assert len(said("x" * 100_000)) < 2_000
