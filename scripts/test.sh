#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Style, units, contracts and the five services; as root also the lab on real virtual machines.
# A skipped test that Tests/allowed-skips does not name fails the run, and so does a run of more than 35 minutes.
#
#   TEST_TIMEOUT   seconds after which a set of tests counts as hung (default 1200)
#   TEST_LIMIT     seconds that all of it may take (default 2100)
set -eu
cd "$(dirname "$0")/.."
mkdir -p .build
log=.build/test.log
times=.build/test-times
: >"$times"
started=$(date +%s)
begun=$started
name=

# Begins a step, and notes how long the one before it took.
step() {
    now=$(date +%s)
    [ -z "$name" ] || printf '%5d s  %s\n' "$((now - begun))" "$name" >>"$times"
    name=$1 begun=$now
    printf '\n== %s (%s s in)\n' "$name" "$((now - started))"
}

step "style"
swift format lint --strict --recursive --parallel Services Shared Tests Package.swift
python3 Tests/Rules/check.py --fits
python3 Tests/Rules/test_check.py
python3 scripts/test_progress.py

step "build (log: .build/test-build.log)"
if ! swift build --build-tests --explicit-target-dependency-import-check error >.build/test-build.log 2>&1; then
    cat .build/test-build.log
    exit 1
fi

# Shows what failed in a log, and how it ended; ends with the given status, unless that is 0.
check_tests() {
    [ "$2" -ne 0 ] || return 0
    grep -E '^(✘|↳)|error:' "$1" | grep -vE '^↳ (Testing Library Version|Target Platform)' || true
    echo "The whole output is in $1; its end:"
    tail -n 40 "$1"
    exit "$2"
}

# Runs tests and shows what failed. A run that hangs ends, and fails.
run_tests() {
    status=0
    timeout "${TEST_TIMEOUT:-1200}" swift test --skip-build --ignore-lock "$@" >>"$log" 2>&1 || status=$?
    check_tests "$log" "$status"
}

# The client's tests, which compute on one core and time nothing, beside others that wait. `client_done` waits for them.
client_log=.build/test-client.log
begin_client() {
    timeout "${TEST_TIMEOUT:-1200}" swift test --skip-build --ignore-lock --no-parallel --filter ClientTests \
        >"$client_log" 2>&1 &
    client=$!
    trap 'kill "$client" 2>/dev/null || true' EXIT
}
client_done() {
    status=0
    wait "$client" || status=$?
    trap - EXIT
    check_tests "$client_log" "$status"
    cat "$client_log" >>"$log"
}

: >"$log"
# What waits for real threads, sockets and servers runs apart from what computes, and one after another: the rest would
# starve it on two cores.
edges='ExecutionTests|ServiceKitTests|FleetTests|BusTests|StoreTests|HypervisorTests|IntegrationTests|UserGatewayTests|UpgradeTests'
step "units"
run_tests --skip "SystemTests|ClientTests|$edges"
step "contracts on real edges: threads, ZeroMQ, PostgreSQL, libvirt, TCP; beside them the client"
begin_client
run_tests --no-parallel --filter "$edges"
client_done
step "the system: the demo's scenario, every service killed once, second instances, refusals, outages"
run_tests --filter SystemTests

skipped=$(sed -n 's/^➜ Test "\{0,1\}\([^"]*\)"\{0,1\} skipped.*/\1/p' "$log" | sort -u)
if [ -n "$skipped" ]; then
    printf '%s\n' "$skipped" >.build/skipped
    grep -v '^#' Tests/allowed-skips >.build/allowed
    unexpected=$(grep -vxF -f .build/allowed .build/skipped || true)
    if [ -n "$unexpected" ]; then
        printf 'These tests were skipped and Tests/allowed-skips does not name them:\n%s\n' "$unexpected"
        exit 1
    fi
fi

if [ "$(id -u)" -eq 0 ]; then
    step "lab: every operation on two real libvirt hosts"
    if ! Tests/Lab/test.sh >>"$log" 2>&1; then
        grep -E '^(✘|↳)|error:|^lab:' "$log" || true
        tail -n 40 "$log"
        exit 1
    fi
    step "lab: the five services on two real libvirt hosts"
    python3 demo/lab_demo.py --binaries .build/debug
else
    echo "The lab needs root and was left out: sudo make lab-demo runs it."
fi

step "done"
grep -E 'Test run with' "$log"
total=$((now - started))
echo
cat "$times"
printf '%5d s  in all; at most %s\n' "$total" "${TEST_LIMIT:-2100}"
if [ "$total" -gt "${TEST_LIMIT:-2100}" ]; then
    echo "The tests took too long: the table above says where." >&2
    exit 1
fi
