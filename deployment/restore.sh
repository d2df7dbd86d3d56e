#!/usr/bin/env bash
# Brings a platform back from a backup, where there is none: bash deployment/restore.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?"which folder? bash deployment/restore.sh FOLDER"}
for file in dagster.dump mlflow.dump state.tar.gz mlartifacts.tar.gz; do
  [ -f "$folder/$file" ] || { echo "$folder/$file is missing: is this a backup?" >&2; exit 1; }
done
project=$(docker compose config | sed -n 's/^name: //p')
if [ -n "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project")" ]; then
  echo "there are data of a platform named $project; restore under another COMPOSE_PROJECT_NAME," \
    "or remove them for ever with: docker compose down --volumes" >&2
  exit 1
fi
docker compose up --detach --wait postgres
for database in dagster mlflow; do
  docker compose exec -T postgres pg_restore --username sentiment --no-owner --dbname "$database" < "$folder/$database.dump"
done
docker compose run --rm --no-deps -T code tar -C / -xz < "$folder/state.tar.gz"
docker compose run --rm --no-deps -T mlflow tar -C / -xz < "$folder/mlartifacts.tar.gz"
docker compose up --detach --wait
