#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that a target needs, after listing them and asking. YES=1 does not ask.
# Usage: scripts/install.sh PACKAGE...
set -eu

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
if ! command -v swift >/dev/null 2>&1; then
    echo "Swift 6.3 is missing: install it from https://www.swift.org/install and put it on the PATH." >&2
    exit 69
fi
[ -n "$missing" ] || exit 0

echo "These Debian packages are missing:$missing"
if [ "$(id -u)" -ne 0 ]; then
    echo "Installing them needs root. Run:  sudo apt-get install --no-install-recommends$missing" >&2
    exit 77
fi
if [ "${YES:-}" != 1 ]; then
    if [ ! -t 0 ]; then
        echo "Say YES=1 to have them installed without being asked." >&2
        exit 77
    fi
    printf 'Install them now? [y/N] '
    read -r answer
    case "$answer" in y | Y | yes) ;; *) exit 77 ;; esac
fi

# A private stack needs programs, not services: while the packages are installed, nothing may be started.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
apt-get update -qq
# shellcheck disable=SC2086 # The list is meant to be split.
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
