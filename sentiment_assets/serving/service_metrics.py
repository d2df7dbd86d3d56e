"""What Prometheus may ask of the scoring service; no text, no token, and no name that a stranger made up."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sentiment_assets.serving.champions import Champions

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_UNKNOWN = "unknown"
"""Stands for every branch that is none."""


class ServiceMetrics:
    """The figures of one service; each has a registry of its own."""

    def __init__(self, champions: Champions) -> None:
        self._champions = champions
        self._registry = registry = CollectorRegistry()
        registry.register(_Champions(champions))
        by_branch = ["branch"]
        self._requests = Counter("scoring_requests", "Requests for scores.", [*by_branch, "status"], registry=registry)
        self._texts = Counter("scoring_texts", "Texts that were answered.", by_branch, registry=registry)
        self._seconds = Histogram(
            "scoring_request_seconds", "From request to answer.", by_branch, buckets=_SECONDS, registry=registry
        )

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def count(self, branch: str, status: int, seconds: float) -> None:
        """One request for scores of a branch, whatever came of it."""
        known = branch if branch in self._champions.served.champions else _UNKNOWN
        self._requests.labels(known, status).inc()
        self._seconds.labels(known).observe(seconds)

    def count_texts(self, branch: str, number: int) -> None:
        """Texts of a branch that were answered."""
        self._texts.labels(branch).inc(number)


class Measured:
    """Counts the requests that name a branch, by ASGI, so that those that are refused count, too."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it when it is answered."""
        status, started = 500, time.perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            branch = scope.get("path_params", {}).get("branch")
            if branch is not None:
                self._metrics.count(branch, status, time.perf_counter() - started)


class _Champions(Collector):
    """Which versions serve, and whether the registry answers, as they are when asked."""

    def __init__(self, champions: Champions) -> None:
        self._champions = champions

    def collect(self) -> Iterator[Metric]:
        served = self._champions.served
        info = GaugeMetricFamily(
            "scoring_champion", "1 for the model version that serves a branch.", labels=["branch", "model_version"]
        )
        for branch, champion in served.champions.items():
            if champion:
                info.add_metric([branch, champion.version], 1)
        yield info
        reachable = bool(served.looked_at) and not served.registry_fault
        yield GaugeMetricFamily("scoring_registry_reachable", "1 if MLflow answered the last look.", value=reachable)
