"""The scoring service on this machine."""

import ipaddress
import logging
import os

import uvicorn

from sentiment_assets.commands.dev import require_free
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.serving.app import scoring_app
from sentiment_assets.serving.champions import Champions
from sentiment_assets.serving.kept_texts import kept_texts

TOKEN = "SCORING_TOKEN"  # noqa: S105  the name of a variable
_log = logging.getLogger(__name__)


class CannotServe(RuntimeError):
    """The service cannot be started as it is asked for; the message says what to do."""


def serve(host: str, port: int) -> None:
    """Serve until a signal comes, and what was asked by then is answered. Raises ``CannotServe`` and ``PortTaken``."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    token = os.environ.get(TOKEN)
    if token == "":
        raise CannotServe(f"{TOKEN} is set, but empty: give it a value, or unset it to serve without a token")
    require_free("--port", port)
    if not token and not _is_loopback(host):
        _log.warning("Whoever reaches %s may ask for scores: set %s to let in only who knows it", host, TOKEN)
    kept = kept_texts()
    if kept:
        _log.info("Texts that are asked about are kept for %s (`serve: {keep: true}`)", ", ".join(kept))
    app = scoring_app(Champions(tracking_uri()), token or "", kept)
    # Requests are counted at /metrics instead of being logged: lines would cost more than short texts do.
    uvicorn.run(app, host=host, port=port, access_log=False, log_config=None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
