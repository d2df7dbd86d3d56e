# One image for the code location, the webserver, the daemon and run containers; which one is chosen by the command.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /app
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes -r requirements.lock
COPY sentiment_assets ./sentiment_assets
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index -e .

FROM ${BASE}
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY workspace.yaml dagster.yaml ./
RUN useradd --create-home --uid 10001 sentiment && mkdir /state && chown sentiment /state
USER sentiment
ENV PATH=/venv/bin:$PATH SENTIMENT_HOME=/state PYTHONUNBUFFERED=1 MLFLOW_DISABLE_TELEMETRY=true
EXPOSE 4000
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", "--module-name", "sentiment_assets.definitions"]
