"""Reports and drift pages, served on this machine."""

from urllib.parse import urlsplit

import uvicorn

from sentiment_assets.commands.dev import require_free
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.ui_addresses import reports_ui
from sentiment_assets.serving.reports import reports_app

_OF_THIS_MACHINE = ("127.0.0.1", "localhost")


def serve_reports(host: str, port: int) -> None:
    """Serve until a signal comes. Raises ``PortTaken``."""
    require_free("--port", port)
    uvicorn.run(reports_app(below_home("data"), hosts_of(host)), host=host, port=port, log_level="warning")


def hosts_of(host: str) -> list[str]:
    """The names by which the server is asked: this machine's, the one that it listens by, that of ``REPORTS_URL``."""
    address = urlsplit(reports_ui()).hostname
    return list(dict.fromkeys([*_OF_THIS_MACHINE, host, *([address] if address else [])]))
