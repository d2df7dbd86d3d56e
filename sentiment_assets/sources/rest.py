"""Rows of an HTTP interface, page by page, through dlt's ``rest_api``."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from sentiment_assets.sources.cursor_order import newest
from sentiment_assets.sources.keys import telling_apart
from sentiment_assets.sources.settings import RestAuth, RestSource

if TYPE_CHECKING:
    from dlt.sources import DltResource
    from requests import PreparedRequest, Response, Session

ATTEMPTS = 5
"""How often one request is tried, before the pull as a whole is tried again later."""
SECONDS_BETWEEN = 1.0
"""Before the second attempt; twice as long before each later one, if the vendor does not say ``Retry-After``."""
SECONDS_TO_ANSWER = 60
_LONGEST_WAIT = 300
"""Seconds that are waited for a vendor who says ``Retry-After``, at most."""


class UnexpectedAnswer(ValueError):
    """An answer is not what the source's settings say; the message is the end of a sentence."""


def rest_resource(name: str, settings: RestSource) -> "tuple[DltResource, Callable[[], int]]":
    """The rows that are new or changed since the cursor, which dlt keeps, and what counts those without a cursor.

    A request that is refused for the moment (429, 5xx), or breaks off, is tried again. Raises ``ValueError`` for unfit
    settings.
    """
    from dlt.sources.helpers.requests import Client
    from dlt.sources.rest_api import rest_api_resources

    client = Client(
        request_timeout=SECONDS_TO_ANSWER,
        raise_for_status=False,
        request_max_attempts=ATTEMPTS,
        request_backoff_factor=SECONDS_BETWEEN,
        request_max_retry_delay=_LONGEST_WAIT,
    )
    without_cursor = Counter[str]()
    looked_at = _require_rows(
        settings.data_selector, str((settings.cursor or {}).get("cursor_path", "")), without_cursor
    )
    if settings.auth:
        client.session.auth = _auth_at(settings.base_url, settings.auth, client.session)
    endpoint: dict[str, Any] = {
        "path": settings.path,
        "params": dict(settings.parameters),
        "data_selector": settings.data_selector,
        "paginator": settings.paginator,
        "response_actions": [looked_at],
    }
    if settings.cursor is not None:
        of_ours = {"last_value_func": newest, "on_cursor_value_missing": "exclude"}
        endpoint["incremental"] = {**of_ours, "primary_key": telling_apart(settings.key), **settings.cursor}
    asked: dict[str, Any] = {"name": name, "endpoint": endpoint}
    about_client: dict[str, Any] = {"base_url": settings.base_url, "session": client.session}
    configured: Any = {"client": about_client, "resources": [asked]}
    [resource] = rest_api_resources(configured)
    return resource, without_cursor.total


def _auth_at(base_url: str, auth: RestAuth, session: "Session") -> "Callable[[PreparedRequest], PreparedRequest]":
    """What adds the secret to a request, and raises ``UnexpectedAnswer`` if that is not for the source's own server.

    Where the next page is, the vendor says: an answer must not lead the secret elsewhere. An answer that redirects a
    request is looked at before it is followed, since a header of the vendor's own naming would go along.
    """
    from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth, HttpBasicAuth

    secret: Any = auth.value()
    add: Any = BearerTokenAuth(secret)
    if auth.header is not None:
        add = APIKeyAuth(name=auth.header, api_key=secret, location="header")
    elif auth.user is not None:
        add = HttpBasicAuth(auth.user, secret)

    def require_own(url: str) -> None:
        if session.should_strip_auth(base_url, url):
            own, other = ("{0.scheme}://{0.netloc}".format(urlsplit(each)) for each in (base_url, url))
            raise UnexpectedAnswer(
                f"leads from {own} to {other}, which is not to see the secret of the source: nothing is asked there. "
                "If that is where its reviews are, say so in `base_url`"
            )

    def look_at_redirect(response: "Response", *_: Any, **__: Any) -> "Response":
        if response.is_redirect:
            try:
                require_own(urljoin(response.url, response.headers["location"]))
            except UnexpectedAnswer:
                response.close()  # nobody reads it any more
                raise
        return response

    def add_at_own(request: "PreparedRequest") -> "PreparedRequest":
        require_own(str(request.url))
        request.register_hook("response", look_at_redirect)
        return add(request)

    return add_at_own


def _require_rows(selector: str, cursor_path: str, without_cursor: Counter[str]) -> "Callable[..., Response]":
    """Answers without a list of rows, which dlt would take for the last page or for one row, are errors.

    Rows of each page without a cursor, which dlt passes over, are counted.
    """
    from dlt.common import jsonpath

    def require_rows(response: "Response", *_: Any, **__: Any) -> "Response":
        if not response.ok or response.is_redirect:
            return response
        try:
            answer = response.json()
        except ValueError:
            raise UnexpectedAnswer(f"answered {len(response.content):,} bytes that are no whole JSON") from None
        found = jsonpath.find_values(selector, answer)
        rows = found[0] if len(found) == 1 else None
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise UnexpectedAnswer(
                f"answered JSON without a list of rows at `data_selector` {selector!r}: {_shape(answer)}"
            )
        if cursor_path:
            lacking = [each for each in rows if not any(v is not None for v in jsonpath.find_values(cursor_path, each))]
            without_cursor[response.url] = len(lacking)  # by page, since one may be asked for again
        return response

    return require_rows


def _shape(answer: object) -> str:
    if isinstance(answer, dict):
        return f"an object with the fields {', '.join(map(str, answer)) or '(none)'}"
    return f"a {type(answer).__name__}"
