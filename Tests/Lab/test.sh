#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test.sh: every operation of the hypervisor's edge on two real hosts (LabTests, LabOperationsTests), in a lab of its own
# that is gone afterwards. The tests must have been built; as root.
set -euo pipefail
directory=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$directory/../.." && pwd)
export EBB_LAB_SCRIPT=$directory/lab.sh
export EBB_LAB_DIR=${EBB_LAB_DIR:-$root/.build/lab-test}
"$EBB_LAB_SCRIPT" down
trap '"$EBB_LAB_SCRIPT" down' EXIT
"$EBB_LAB_SCRIPT" up
cd "$root"
"$EBB_LAB_SCRIPT" net timeout 1500 swift test --skip-build --no-parallel --filter 'LabTests|LabOperationsTests'
