#!/usr/bin/env bash
# Set up what is absent, check style and types, run the tests.
#
# usage: bash tools/run_tests.sh [arguments of pytest]
# The environment is chosen as described in tools/_env.sh.
set -euo pipefail
source "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/_env.sh"
set_up tests
cd "$root"
# The tests are small: more threads only get into each other's way.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} MPLBACKEND=Agg
step 'Style'
"$PY" -m ruff check .
step 'Types'
"$PY" -m mypy
step 'Tests'
# Collecting no test is a failure to pytest, and so to this script.
"$PY" -m pytest "$@"
step 'Done'
