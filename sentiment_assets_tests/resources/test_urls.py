import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.resources.urls import shown, without_secrets


@pytest.mark.parametrize(
    ("address", "shown_as"),
    [
        ("ftp://user:secret@host:21/reviews/a.csv", "ftp://host:21/reviews/a.csv"),
        ("sftp://user:sec@ret@host/x", "sftp://host/x"),
        ("s3://key:sec/ret@bucket/x", "s3://bucket/x"),
        ("http://user@host/x", "http://host/x"),
        ("https://store/reviews?sig=secret&x=1#secret", "https://store/reviews"),
        ("simplecache::ftp://user:secret@host/x", "simplecache::ftp://host/x"),
        ("zip://*.csv::https://user:secret@host/x.zip?sig=secret", "zip://*.csv::https://host/x.zip"),
        ("https://store/x?sig=sec'ret and ftp://u:secret@host/", "https://store/x and ftp://host/"),
    ],
)
def test_a_url_is_shown_without_user_and_query(address: str, shown_as: str) -> None:
    assert shown(address) == shown_as


@pytest.mark.parametrize(
    "address",
    [
        "landing/acme",
        "/data/what?.csv",
        "/data/a@b.csv",
        "s3://bucket/a@b/c",
        "http://host:80/a@b/c",
        "http://[::1]:80/x",
        "memory://landing",
    ],
)
def test_an_address_without_secrets_is_shown_as_it_is(address: str) -> None:
    assert shown(address) == address


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("no answer from ftp://user:s%2Fcret@host/x", "no answer from ftp://host/x"),
        ("530 login of user with s/cret refused", "530 login of user with *** refused"),
        ("Max retries exceeded with url: /x?sig=a%2Bb", "Max retries exceeded with url: /x?sig=***"),
        ("the signature a+b has expired", "the signature *** has expired"),
        ("the name 'x y' is not known", "the name '***' is not known"),
    ],
)
def test_an_error_keeps_what_the_address_hides(message: str, said: str) -> None:
    assert without_secrets(message, "ftp://user:s%2Fcret@host/x", "https://host/x?sig=a%2Bb&name=x+y") == said


_WORDS = st.text("abcXYZ019._~!$'()*+,;=%-", min_size=1)


@given(user=_WORDS, password=_WORDS, signature=_WORDS)
def test_no_password_and_no_signature_is_ever_shown(user: str, password: str, signature: str) -> None:
    address = f"https://{user}:<{password}>@host:8080/reviews?sig=<{signature}>"
    assert shown(address) == "https://host:8080/reviews"
    assert f"<{password}>" not in without_secrets(f"refused: <{password}>", address)
    assert f"<{signature}>" not in without_secrets(f"refused: <{signature}>", address)
