# One image for the code location, the webserver, the daemon, MLflow's server and run containers; the command chooses.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /app
COPY requirements.lock requirements-image.lock ./
# The first lock holds what the second one's source packages are built with.
RUN python -m venv --without-pip /venv \
 && for lock in requirements.lock requirements-image.lock; do \
      pip --python /venv/bin/python install --no-cache-dir --no-deps --no-build-isolation --require-hashes -r "$lock" || exit 1; \
    done
COPY pyproject.toml README.md LICENSE ./
COPY sentiment_assets ./sentiment_assets
RUN pip --python /venv/bin/python install --no-cache-dir --no-deps --no-build-isolation --no-index -e . \
 && python -m compileall -q sentiment_assets

FROM ${BASE}
# As `git describe` and `git rev-parse HEAD` say them; `make image` does.
ARG SENTIMENT_ASSETS_VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sentiment Assets" \
      org.opencontainers.image.version="${SENTIMENT_ASSETS_VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Volumes take the owner of the folders that they cover.
RUN useradd --create-home --uid 10001 sentiment \
 && mkdir -p /state/landing /scratch /mlartifacts /opt/dagster \
 && chown -R sentiment:sentiment /state /scratch /mlartifacts \
 && chmod 700 /state /scratch /mlartifacts
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001
ENV PATH=/venv/bin:$PATH \
    DAGSTER_HOME=/opt/dagster \
    SENTIMENT_HOME=/state \
    SENTIMENT_ASSETS_VERSION=${SENTIMENT_ASSETS_VERSION} \
    TMPDIR=/scratch \
    MPLCONFIGDIR=/scratch/matplotlib \
    MLFLOW_DISABLE_TELEMETRY=true \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["dagster", "api", "grpc", "--host", "0.0.0.0", "--port", "4000", "--module-name", "sentiment_assets.definitions", "--location-name", "sentiment_assets"]
