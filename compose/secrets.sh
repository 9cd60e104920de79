#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the passwords of a compose deployment, once: existing ones are kept.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
umask 077
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
[ -s secrets/admin-password ] || random >secrets/admin-password
printf 'postgresql://ebb_admin:%s@database/ebb' "$(cat secrets/admin-password)" >secrets/migrate-url
# One for each service: whoever reads one service's is no other service.
for service in monitor scheduler billing logger usergateway; do
    [ -s "secrets/$service-password" ] || random >"secrets/$service-password"
    printf 'postgresql://ebb_%s:%s@database/ebb' "$service" "$(cat "secrets/$service-password")" \
        >"secrets/$service-url"
done
# Inside the containers an unprivileged user reads them.
chmod 644 secrets/*
chmod 700 secrets
