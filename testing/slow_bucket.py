"""A local server that speaks S3 and takes its time: ``python -m testing.slow_bucket PORT SECONDS``."""

import sys
import time
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def main() -> None:
    """Serve, and answer each call after so many seconds."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    answers = DomainDispatcherApplication(create_backend_app)

    def slowly(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        time.sleep(seconds)
        return answers(environ, start_response)

    run_simple("127.0.0.1", port, slowly, threaded=True)


if __name__ == "__main__":
    main()
