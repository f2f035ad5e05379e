#!/usr/bin/env bash
# Train with several processes, on GPUs or on the CPU, on one machine or more.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 2 ]; then
    cat >&2 <<'USAGE'
usage: bash tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py]
  PROCESSES per machine: the number of GPUs, or of CPU processes.
  Several machines: the same line on each, with NNODES (number of machines),
  NODE_RANK (0, 1, ...), MASTER_ADDR (address of machine 0) and PORT set.
USAGE
    exit 2
fi
source "$here/_env.sh"
find_python
config=$1 processes=$2
shift 2
need_file "$config"
in_processes "$processes" \
    "$here/train.py" "$config" --launcher pytorch "$@"
