#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the executables in release mode; shows progress, and the whole log only if it fails.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .build
log=.build/release-build.log
echo "Building Ebb in release mode (the first time takes 6 to 10 minutes on two cores; log: $log)"
if [ -t 1 ]; then
    swift build -c release --explicit-target-dependency-import-check error 2>&1 | tee "$log" |
        awk '/^\[/{printf "\r\033[K%s", substr($0, 1, 76); fflush()} END{printf "\r\033[K"}'
else
    swift build -c release --explicit-target-dependency-import-check error >"$log" 2>&1 || true
fi
if ! tail -n 5 "$log" | grep -q 'Build complete!'; then
    cat "$log" >&2
    echo "The build failed; its log is above and in $log." >&2
    exit 70
fi
