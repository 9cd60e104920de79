#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the programs; shows progress, and the whole log only if it fails.
#
#   scripts/build.sh            as `make test` builds them, so that it reuses them, but without tests, benchmarks and TLS
#                            until a whole build was made
#   scripts/build.sh release    everything but tests, optimised
set -eu
cd "$(dirname "$0")/.."
mode=${1:-debug}
mkdir -p .build
log=.build/$mode-build.log
first="the first time takes 6 to 10 minutes on two cores; "
steps=0
if [ "$mode" = debug ]; then
    first="the first time takes 3 to 5 minutes on two cores; "
    # What a whole build has compiled already costs nothing; leaving it out would link the gateway anew each time.
    if [ ! -e .build/debug/Modules/NIOSSL.swiftmodule ]; then
        export EBB_BUILD=demo
        # So many steps the compiler counts in the end; it knows them only bit by bit.
        [ -e .build/debug/ebb-usergateway ] || steps=1540
    fi
fi
[ ! -e ".build/$mode/ebb-usergateway" ] || first=
echo "Building Ebb in $mode mode (${first}log: $log)"
swift build -c "$mode" --explicit-target-dependency-import-check error 2>&1 | tee "$log" | scripts/progress.py --steps "$steps"
if ! tail -n 5 "$log" | grep -q 'Build complete!'; then
    cat "$log" >&2
    echo "The build failed; its log is above and in $log." >&2
    exit 70
fi
