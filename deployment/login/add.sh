#!/usr/bin/env bash
# Gives somebody a password for the service `login`: bash deployment/login/add.sh NAME [HOST]
# The password is read from the terminal. The first time it also makes a certificate for HOST that browsers do not know;
# put a better one in its place: tls.crt and tls.key.
set -euo pipefail
name=${1:?"whose? bash deployment/login/add.sh NAME [HOST]"}
host=${2:-localhost}
case $name in *:*|*$'\n'*|"") echo "a name has no colon and no line break" >&2; exit 1 ;; esac
cd "$(dirname "$0")/../.."
folder=${LOGIN_FOLDER:-login}
umask 077
mkdir -p "$folder"
read -r -s -p "password for $name: " password; echo >&2
[ "${#password}" -ge 12 ] || { echo "a password has at least twelve characters; nothing was changed" >&2; exit 1; }
hashed=$(printf '%s' "$password" | openssl passwd -6 -stdin)
others=$(awk -F: -v name="$name" '$1 != name' "$folder/passwords" 2>/dev/null || true)
printf '%s\n' ${others:+"$others"} "$name:$hashed" > "$folder/passwords.unfinished"
mv "$folder/passwords.unfinished" "$folder/passwords"
if [ ! -f "$folder/tls.key" ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
    -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null
fi
echo "$name can log in once the service is restarted: docker compose --profile login up --detach --wait login" >&2
