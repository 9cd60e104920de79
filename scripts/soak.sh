#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The proof with full counts, and a report of it in docs/reports/soak/: the tests, the experiment with every service killed once
# (other seeds each time), with second instances, and as root the lab. Shows progress; each step's output is kept.
#
#   SOAK_MINUTES   begins no further run after so long (default 180); what was left out stands in the report
#   SOAK_KILLS     runs with kills (default 20)        SOAK_SECONDS   runs with second instances (default 5)
#   SOAK_HANGS     how often hosts hang and resume (default 1000)
#   SOAK_SEEDS     seeds of the property tests (default 10000); the simulation takes a fifth of them
#   SOAK_FUZZ      seconds of fuzzing (default 3600, or less in proportion to fewer minutes)
#   EBB_TEST_SEED  the first seed of the kills (default: drawn)
set -uo pipefail
cd "$(dirname "$0")/.."

minutes=${SOAK_MINUTES:-180} kills=${SOAK_KILLS:-20} seconds=${SOAK_SECONDS:-5}
seed=${EBB_TEST_SEED:-$((RANDOM * 32768 + RANDOM))}
hangs=${SOAK_HANGS:-1000} seeds=${SOAK_SEEDS:-10000}
fuzz=${SOAK_FUZZ:-$((minutes < 180 ? minutes * 20 : 3600))}
commit=$(git rev-parse --short HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] || commit=$commit-changed
report=docs/reports/soak/$(date -u +%Y-%m-%d)-$commit.md
outputs=$PWD/.build/soak
binaries=.build/debug
started=$SECONDS
rows=() failures=0 left_out=0

say() { printf '[%4d s] %s\n' "$((SECONDS - started))" "$*"; }
out_of_time() { [ "$((SECONDS - started))" -ge "$((minutes * 60))" ]; }

# run NAME COMMAND...: one line of the report.
run() {
    local name=$1 begun=$SECONDS status=0 output
    shift
    if out_of_time; then
        left_out=$((left_out + 1))
        return
    fi
    say "$name"
    output=$outputs/$(printf '%s' "$name" | tr -c 'a-zA-Z0-9' -).log
    "$@" >"$output" 2>&1 </dev/null || status=$?
    local took=$((SECONDS - begun)) result=passed
    if [ "$status" -ne 0 ]; then
        result="**failed ($status)**" failures=$((failures + 1))
        say "$name failed with exit code $status; its output is $output and ends:"
        tail -n 15 "$output" | sed 's/^/         /'
    fi
    rows+=("| $name | $result | $took s |")
    write_report "so far"
}

write_report() {
    mkdir -p "$(dirname "$report")"
    {
        echo "# Soak of $(date -u +%Y-%m-%d), commit $commit"
        echo
        echo "Machine: $(nproc) cores, $(awk '/MemTotal/{printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), $(. /etc/os-release && echo "$PRETTY_NAME")."
        echo "First seed of the kills $seed; hosts hang and resume $hangs times; $seeds seeds of the properties and $((seeds / 5)) of"
        echo "the simulation; $fuzz s of fuzzing; at most $minutes minutes."
        echo
        echo "$1: ${#rows[@]} runs, $failures failed, $left_out left out for want of time, $((SECONDS - started)) s."
        echo
        echo "| run | result | duration |"
        echo "|---|---|---|"
        printf '%s\n' "${rows[@]}"
        if grep -qs '^== ' "$outputs"/fuzzing*.log; then
            echo
            echo "What the fuzzer did with each target:"
            echo
            awk '/^== /{target = $2; next} /^Done/{print "- " target " " tolower(substr($0, 1, 1)) substr($0, 2)}' \
                "$outputs"/fuzzing*.log
        fi
        if grep -qs 'Test run with' .build/test.log; then
            echo
            echo "What the tests printed:"
            echo
            grep 'Test run with' .build/test.log | sed 's/^[^T]*/- /'
        fi
    } >"$report"
}

finish() {
    write_report "Stopped early"
    say "stopped; the report so far is $report"
    exit 130
}
trap finish INT TERM

rm -rf "$outputs" .build/test.log
mkdir -p "$outputs"
say "soak of commit $commit for at most $minutes minutes, first seed $seed; report: $report"
run "build" swift build --build-tests --explicit-target-dependency-import-check error
if [ "$failures" -ne 0 ]; then
    write_report "The build failed"
    exit 1
fi
# As root with the lab: every operation and the five services on two real libvirt hosts.
run "all tests" env EBB_HANGS="$hangs" EBB_SOAK="$seeds" TEST_TIMEOUT=7200 TEST_LIMIT=14400 scripts/test.sh
run "every rule of the Scheduler taken out once" python3 Tests/Rules/check.py
run "fuzzing with AddressSanitizer, $fuzz s" Tests/FuzzTests/fuzz.sh "$fuzz"
for ((i = 0; i < kills; i++)); do
    run "experiment, every service killed once, seed $((seed + i))" \
        python3 demo/demo.py --binaries "$binaries" --directory "$outputs/stack" --kill "$((seed + i))"
done
for ((i = 1; i <= seconds; i++)); do
    run "experiment, second instances, run $i" \
        python3 demo/demo.py --binaries "$binaries" --directory "$outputs/stack" --second
done
[ "$(id -u)" -eq 0 ] || rows+=("| lab: two real libvirt hosts | left out: needs root | |")
write_report "Done"
say "done: ${#rows[@]} runs, $failures failed, $left_out left out; report: $report"
[ "$failures" -eq 0 ]
