#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the cluster on first start (POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE), then runs the server.
set -eu
data=/var/lib/postgresql/data
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
PATH="$bin:$PATH"
mkdir -p "$data" /var/run/postgresql
chown postgres:postgres "$data" /var/run/postgresql
chmod 700 "$data"
if [ ! -s "$data/PG_VERSION" ]; then
    install -m 600 -o postgres "$POSTGRES_PASSWORD_FILE" /tmp/password
    gosu postgres initdb -D "$data" -U "$POSTGRES_USER" --auth=scram-sha-256 --pwfile=/tmp/password -E UTF8 --locale=C
    rm -f /tmp/password
    printf 'host all all all scram-sha-256\n' >>"$data/pg_hba.conf"
    gosu postgres pg_ctl -D "$data" -w -o "-h '' -k /tmp" start
    PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE") gosu postgres createdb -h /tmp -U "$POSTGRES_USER" "$POSTGRES_DB"
    gosu postgres pg_ctl -D "$data" -w -m fast stop
fi
exec gosu postgres postgres -D "$data" -h '*' -k /var/run/postgresql -c max_connections=200
