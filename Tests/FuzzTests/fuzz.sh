#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# libFuzzer with AddressSanitizer over every parser and core, each for its share of the time.
#
#   Tests/FuzzTests/fuzz.sh [SECONDS] [TARGET...]     default: 60 seconds, all targets; also `make fuzz`
#
# The build has a folder of its own, .build/fuzz. What was found is .build/fuzz/found/<target>-...: mend the fault, and
# keep the input in Corpus/<target>/ under a name that says what it was.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift || true
all=$(sed -n 's/^    case \([a-z]*\)$/\1/p' Tests/FuzzTests/FuzzTarget.swift)
targets=("${@:-}")
[ -n "${targets[0]}" ] || read -r -d '' -a targets <<<"$all" || true
folder=.build/fuzz
mkdir -p "$folder/found"

# A test target is no library: its objects are linked here, with libFuzzer's own main.
swift build --scratch-path "$folder" --target FuzzTests -Xswiftc -DFUZZING \
    -Xswiftc -sanitize=address,fuzzer >"$folder/build.log" 2>&1 || { tail -n 40 "$folder/build.log"; exit 1; }
find "$folder/debug/" -path '*.build/*' -name '*.o' -printf '"%p"\n' >"$folder/objects"
swiftc -sanitize=address,fuzzer -o "$folder/ebb-fuzz" @"$folder/objects" -lzmq -lvirt -lpq -lsodium 2>"$folder/link.log" ||
    { tail -n 40 "$folder/link.log"; exit 1; }

share=$((seconds / ${#targets[@]} > 0 ? seconds / ${#targets[@]} : 1))
failed=0
for target in "${targets[@]}"; do
    mkdir -p "$folder/corpus/$target"
    printf '== %s, %s s\n' "$target" "$share"
    # Swift's own backtrace would wait for a debugger; a report of libFuzzer's is enough. What leaks is no fault here: values
    # that are made once live on, and Foundation's XML parser keeps the error of each text that is no XML.
    if EBB_FUZZ_TARGET=$target SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 \
        "$folder/ebb-fuzz" -max_total_time="$share" -timeout=10 -detect_leaks=0 \
        -rss_limit_mb=4096 -max_len=20000 -artifact_prefix="$folder/found/$target-" \
        "$folder/corpus/$target" "Tests/FuzzTests/Corpus/$target" >"$folder/$target.log" 2>&1; then
        grep -E '^Done' "$folder/$target.log" || tail -n 1 "$folder/$target.log"
    else
        failed=1
        tail -n 25 "$folder/$target.log"
    fi
done
exit "$failed"
