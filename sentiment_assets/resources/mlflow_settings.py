"""How this project uses MLflow on a machine: the address of its database or server, and how much it says."""

import logging
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from urllib.parse import unquote, urlsplit, urlunsplit

from sentiment_assets.resources.home import SETTING, local_home
from sentiment_assets.resources.urls import shown

_ADDRESS, _USER, _PASSWORD = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
_SERVER = ("http://", "https://")
SECONDS_TO_ANSWER = 5.0
_LOCKED = "database is locked"
"""What SQLite says where another program has held its file for longer than MLflow waits."""
_SERVER_FAULT = 500
"""The first of the answers by which a server, or a proxy before it, says that it cannot."""


def tracking_uri() -> str:
    """MLflow's address: the one the environment names, or else the home folder's own file.

    A server's user name and password are moved to where MLflow keeps them, since its errors quote the address.
    """
    address = os.environ.get(_ADDRESS) or default_tracking_uri()
    parts = urlsplit(address)
    if not is_server(address) or "@" not in parts.netloc:
        return address
    os.environ[_USER], os.environ[_PASSWORD] = unquote(parts.username or ""), unquote(parts.password or "")
    os.environ[_ADDRESS] = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return os.environ[_ADDRESS]


def is_server(address: str) -> bool:
    """Whether MLflow's address is that of a server, not of a database."""
    return address.startswith(_SERVER)


class MlflowAway(ConnectionError):
    """MLflow's server does not answer, or its database cannot be used; the message says what to do."""


def require_mlflow(address: str) -> None:
    """Raise ``MlflowAway`` unless the server at ``address`` answers within seconds; a database needs no server.

    MLflow itself goes on asking for minutes. A run may wait so long; a person and a sensor may not.
    """
    if not is_server(address):
        return
    try:
        # Only whether anybody is there is asked, nothing is told: who it is, MLflow sees by its own settings.
        unverified = ssl._create_unverified_context()  # noqa: S323
        urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=SECONDS_TO_ANSWER, context=unverified).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        if answer.code < _SERVER_FAULT:
            return
        why = f"it answers {answer.code}"
    except (OSError, HTTPException) as error:
        why = str(getattr(error, "reason", error)) or type(error).__name__
    else:
        return
    raise MlflowAway(f"MLflow at {shown(address)} cannot be reached: {why}. Start it, or set {_ADDRESS} to where it is")


@contextmanager
def asking_mlflow(address: str) -> Iterator[None]:
    """Raise ``MlflowAway`` where MLflow has asked its server, or its database, in vain: it says so in their words."""
    try:
        yield
    except Exception as error:
        why = _why_in_vain(error, address)
        if why is None:
            raise
        raise MlflowAway(f"{why}, and run this again") from None


def _why_in_vain(error: Exception, address: str) -> str | None:
    """What is the matter, and what to do first; ``None`` for an error that is about what was asked."""
    from requests.exceptions import ConnectionError as NotConnected
    from requests.exceptions import RetryError, Timeout
    from sqlalchemy.exc import OperationalError

    for cause in (error, error.__context__):  # MLflow makes an error of its own of either
        if isinstance(cause, (NotConnected, RetryError, Timeout)):
            try:
                require_mlflow(address)
            except MlflowAway as away:
                return str(away)
            return f"MLflow at {shown(address)} has not answered for as long as runs wait, and does now: see its log"
        if isinstance(cause, OperationalError):
            said = str(cause.orig).partition("\n")[0]
            todo = "end what holds it" if said == _LOCKED else "mend that"
            return f"MLflow's database {shown(address)} cannot be used: {said}. Wait, or {todo}"
    return None


def default_tracking_uri() -> str:
    """MLflow's SQLite file in the home folder. Raises ``ValueError`` for a folder that its address cannot name."""
    file = local_home() / "mlflow.db"
    if "?" in str(file):
        raise ValueError(f"{SETTING} is {file.parent}: the address of MLflow's database cannot hold a `?`; rename it")
    return f"sqlite:///{file}"


def keep_mlflow_quiet() -> None:
    """No telemetry, no progress bars, no notes on migrations and examples, unless the environment says otherwise."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "mlflow.store.db.utils", "mlflow.pyfunc"):
        logging.getLogger(name).setLevel(logging.WARNING)
