"""The scoring service: one HTTP process for all branches. See ``docs/serving.md``."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from sentiment_assets.serving.answers import Answers, NoChampion, no_champion
from sentiment_assets.serving.champions import Champions, Served
from sentiment_assets.serving.kept_texts import KeptTexts, now
from sentiment_assets.serving.messages import (
    MOST_BYTES,
    MOST_TEXTS,
    BranchState,
    Invalid,
    Readiness,
    Refusal,
    ScoreRequest,
    ScoreResponse,
    TextScore,
    field_faults,
)
from sentiment_assets.serving.service_metrics import Measured, ServiceMetrics

_log = logging.getLogger(__name__)
_NOTHING_KEPT: Mapping[str, KeptTexts] = {}
_SECONDS_BETWEEN_LANDINGS = 60
_SECONDS_FOR_FIRST_LOOK = 20.0
"""After so long the service is alive, and not ready until the registry has been seen."""
_GONE = 499
"""Nobody reads that answer; by this number it is counted."""
_BEARER = HTTPBearer(auto_error=False, description="SCORING_TOKEN, if the service was started with one.")
_SCHEMA = ScoreRequest.model_json_schema()
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}
_UNAUTHORIZED: dict[int | str, dict[str, Any]] = {401: {"model": Refusal, "description": "No token, or another one."}}
_REFUSALS: dict[int | str, dict[str, Any]] = _UNAUTHORIZED | {
    404: {"model": Refusal, "description": "There is no such branch."},
    413: {"model": Refusal, "description": "Too many texts, or bytes, for one request."},
    422: {"model": Invalid, "description": "A field cannot be used."},
    503: {"model": Refusal, "description": "The branch has no champion yet."},
}


def scoring_app(champions: Champions, token: str = "", kept: Mapping[str, KeptTexts] = _NOTHING_KEPT) -> FastAPI:
    """The service over some champions; with a ``token`` only who knows it gets scores, branches and figures.

    Texts of the branches in ``kept`` are kept.
    """
    answers, metrics = Answers(champions), ServiceMetrics(champions)

    @asynccontextmanager
    async def looking(_: FastAPI) -> AsyncIterator[None]:
        champions.watch()
        await to_thread.run_sync(champions.has_looked, _SECONDS_FOR_FIRST_LOOK)
        landing = asyncio.create_task(_land_days_that_are_over(kept))
        yield
        landing.cancel()
        champions.stop()

    app = FastAPIOffline(
        redoc_url=None,
        title="Sentiment Assets: scores",
        description="Sentiment scores of raw texts, by the champion of each branch.",
        version="1",
        lifespan=looking,
        exception_handlers={RequestValidationError: _invalid},
    )
    app.add_middleware(Measured, metrics=metrics)
    guarded = [Depends(_only_with(token))] if token else []

    @app.post(
        "/v1/{branch}/score",
        response_model=ScoreResponse,
        responses=_REFUSALS,
        openapi_extra=_BODY,
        dependencies=guarded,
    )
    async def score(branch: str, request: Request, explain: bool = False) -> Response:
        """Score raw texts by the champion of a branch: one answer for each, in order, all by one version."""
        _require_champion(champions.served, branch)
        texts = (await _asked(request)).texts
        try:
            version, scores = await answers.to(branch, texts, explain=explain)
        except NoChampion as error:  # it was taken away a moment ago
            raise HTTPException(503, str(error)) from error
        metrics.count_texts(branch, len(texts))
        if branch in kept:
            _keep(kept[branch], [text for text, each in zip(texts, scores, strict=True) if each["score"] is not None])
        answer = ScoreResponse(branch=branch, model_version=version, scores=[TextScore(**each) for each in scores])
        return Response(answer.model_dump_json(), media_type="application/json")

    @app.get("/v1/branches", responses=_UNAUTHORIZED, dependencies=guarded)
    async def branches() -> list[BranchState]:
        """Every branch, and the version that serves it."""
        return _states(champions.served)

    @app.get("/metrics", responses=_UNAUTHORIZED, dependencies=guarded, response_class=PlainTextResponse)
    async def figures() -> Response:
        """Figures for Prometheus."""
        return PlainTextResponse(metrics.exposition(), media_type="text/plain; version=0.0.4")

    @app.get("/healthz")
    async def healthy() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz", responses={503: {"model": Readiness, "description": "The registry was never seen."}})
    async def ready(response: Response) -> Readiness:
        """Whether scores can be asked for: the registry was seen once. What is loaded serves on without it."""
        readiness = _readiness(champions.served, is_open=not token)
        response.status_code = 200 if readiness.ready else 503
        return readiness

    return app


def _keep(kept: KeptTexts, texts: Sequence[str]) -> None:
    """Keep texts; who asked has the answer all the same."""
    try:
        kept.keep(texts, now())
    except OSError:
        _log.exception("%d texts of %s could not be kept", len(texts), kept.branch)


async def _land_days_that_are_over(kept: Mapping[str, KeptTexts]) -> None:
    while kept:
        for each in kept.values():
            try:
                await to_thread.run_sync(each.land_days_before, now())
            except Exception:  # noqa: BLE001  every file system has errors of its own, and it is tried again
                _log.exception("What was kept of %s cannot land yet", each.branch)
        await asyncio.sleep(_SECONDS_BETWEEN_LANDINGS)


def _only_with(token: str) -> Callable[[HTTPAuthorizationCredentials | None], Awaitable[None]]:
    """What refuses whoever does not know the token."""

    async def authorized(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
        # A header's bytes are shown as Latin-1.
        if not given or not secrets.compare_digest(given.credentials.encode("latin-1"), token.encode()):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "a bearer token is needed, the SCORING_TOKEN of the service", challenge)

    return authorized


async def _asked(request: Request) -> ScoreRequest:
    """What is asked, read by pydantic alone: it refuses what is nested too deeply, and no half of it is kept."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise HTTPException(413, f"the request has more than {MOST_BYTES:,} bytes: send its texts in several")
    except ClientDisconnect:
        raise HTTPException(_GONE, "who asked has gone") from None
    try:
        return ScoreRequest.model_validate_json(bytes(body))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        if any(each["type"] == "too_long" for each in faults):
            raise HTTPException(413, f"more than {MOST_TEXTS:,} texts: send them in several requests") from error
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in faults]) from error


async def _invalid(_: Request, error: Any) -> Response:
    """The answer to a ``RequestValidationError``."""
    return JSONResponse(Invalid(detail=field_faults(error.errors())).model_dump(), 422)


def _require_champion(served: Served, branch: str) -> None:
    if branch not in served.champions:
        there = ", ".join(served.champions) or "none yet"
        raise HTTPException(404, f"there is no branch {branch!r}; there are: {there}")
    if served.champions[branch] is None:
        raise HTTPException(503, served.faults.get(branch) or no_champion(branch))


def _states(served: Served) -> list[BranchState]:
    return [
        BranchState(
            branch=branch,
            model_version=champion.version if champion else None,
            detail=served.faults.get(branch) or ("" if champion else no_champion(branch)),
        )
        for branch, champion in served.champions.items()
    ]


def _readiness(served: Served, *, is_open: bool) -> Readiness:
    """Whether the service is ready; branches and reasons are for those alone who know the token, if there is one."""
    registry = "reachable" if served.looked_at else "not seen yet"
    if served.registry_fault:
        since = f"last seen {served.looked_at:%Y-%m-%d %H:%M:%S} UTC" if served.looked_at else "never seen"
        registry = f"{since}: {served.registry_fault}" if is_open else since
    return Readiness(ready=served.looked_at is not None, registry=registry, branches=_states(served) if is_open else [])
