#!/usr/bin/env bash
# Test with several processes, on GPUs or on the CPU, on one machine or more.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 3 ]; then
    cat >&2 <<'USAGE'
usage: bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of tools/test.py]
  PROCESSES per machine: the number of GPUs, or of CPU processes.
  Several machines: the same line on each, with NNODES (number of machines),
  NODE_RANK (0, 1, ...), MASTER_ADDR (address of machine 0) and PORT set.
USAGE
    exit 2
fi
source "$here/_env.sh"
find_python
config=$1 checkpoint=$2 processes=$3
shift 3
need_file "$config"
need_file "$checkpoint"
in_processes "$processes" \
    "$here/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
