"""A vendor's HTTP interface: reviews by pages, and whatever may go wrong between a vendor and us."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Mishap:
    """An answer that is not what was asked for."""

    status: int = 200
    body: bytes | None = None
    """Instead of the right one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Whether the connection breaks off in the middle of the body."""
    times: int = 1
    page: int | None = None
    """The only page that it happens to; any if it is not given."""


@dataclass
class Vendor:
    """Reviews that are sorted by ``updated_at``, the newest first, as many interfaces do."""

    url: str = ""
    reviews: list[dict[str, Any]] = field(default_factory=list)
    per_page: int = 3
    mishaps: list[Mishap] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    """Path, parameters and headers of each request."""

    def sells(self, ids: Sequence[int], at: str = "2026-01-01T00:00:05Z", **more: Any) -> None:
        """More reviews come."""
        self.reviews += [{"id": each, "text": f"review {each}", "updated_at": at, **more} for each in ids]

    def page(self, number: int, since: str) -> dict[str, Any]:
        """What is asked for."""
        found = [each for each in self.reviews if each["updated_at"] >= since]
        newest_first = sorted(found, key=lambda each: each["updated_at"], reverse=True)
        start = (number - 1) * self.per_page
        more = start + self.per_page < len(newest_first)
        return {"data": {"items": newest_first[start : start + self.per_page]}, "pages": number + more}

    def mishap(self, page: int) -> Mishap | None:
        """What goes wrong this time."""
        for place, each in enumerate(self.mishaps):
            if each.page in (None, page):
                left = Mishap(**{**vars(each), "times": each.times - 1})
                self.mishaps[place : place + 1] = [left] if left.times else []
                return each
        return None


@contextmanager
def serving() -> Iterator[Vendor]:
    """A vendor on loopback, while the block lasts."""
    vendor = Vendor()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(address.query).items()}
            vendor.asked.append((address.path, given, dict(self.headers)))
            number = int(given.get("page", 1))
            mishap = vendor.mishap(number) or Mishap()
            right = json.dumps(vendor.page(number, given.get("since", ""))).encode()
            body = right if mishap.body is None else mishap.body
            self.send_response(mishap.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in mishap.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if mishap.cut else body)
            if mishap.cut:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    vendor.url = f"http://127.0.0.1:{server.server_port}/v2/"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
