#!/usr/bin/env bash
# Puts another image behind the code location, the scoring service and the reports, and leaves all else as it runs: bash deployment/release.sh IMAGE
# Runs that are under way end with the image they began with; new ones take the new image.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${1:?"which image? bash deployment/release.sh IMAGE"}
settings=${COMPOSE_ENV_FILES:-.env}
SENTIMENT_IMAGE=$image docker compose pull --policy missing code
others=$(grep -v '^SENTIMENT_IMAGE=' "$settings")
umask 077
printf '%s\nSENTIMENT_IMAGE=%s\n' "$others" "$image" > "$settings.unfinished"
mv "$settings.unfinished" "$settings"
docker compose up --detach --wait --no-deps code scoring reports
