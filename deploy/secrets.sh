#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml mounts, each once: what is there stays.
# The folder is its owner's alone; the files in it are readable, because Compose mounts them as they are, for other users.
set -euo pipefail
directory=${1:-"$(dirname "$0")/secrets"}

mkdir -p "$directory"
chmod 700 "$directory"

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }

keep() { # NAME: store standard input under this name
    local draft
    draft=$(mktemp "$directory/.draft.XXXXXX")
    cat >"$draft"
    chmod 644 "$draft"
    mv "$draft" "$directory/$1"
    echo "made $directory/$1"
}

[ -s "$directory/master_key" ] || random 32 | keep master_key
[ -s "$directory/database_password" ] || random 24 | keep database_password
[ -s "$directory/database_url" ] ||
    printf 'postgresql://symposia:%s@postgres:5432/symposia' "$(cat "$directory/database_password")" | keep database_url
[ -s "$directory/grafana_password" ] || random 18 | keep grafana_password
