#!/usr/bin/env bash
# Keeps all that the platform knows: bash deployment/backup.sh FOLDER
# New runs wait meanwhile, and those under way are waited for, so that databases and files agree.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?"which folder? bash deployment/backup.sh FOLDER"}
[ ! -e "$folder" ] || { echo "$folder is there already; name a new folder" >&2; exit 1; }
project=$(docker compose config | sed -n 's/^name: //p')
umask 077
unfinished="$folder.unfinished"
rm -rf "$unfinished"
mkdir -p "$unfinished"

docker compose stop daemon
trap 'docker compose start daemon' EXIT
while [ -n "$(docker ps --quiet --filter "label=sentiment_assets=$project")" ]; do sleep 2; done
for database in dagster mlflow; do
  docker compose exec -T postgres pg_dump --username sentiment --format custom "$database" > "$unfinished/$database.dump"
done
docker compose exec -T code tar -C / -cz state > "$unfinished/state.tar.gz"
docker compose exec -T mlflow tar -C / -cz mlartifacts > "$unfinished/mlartifacts.tar.gz"
mv "$unfinished" "$folder"
du -sh "$folder"
