#!/usr/bin/env bash
# Test on a Slurm cluster; arguments and variables as in mmdet's script.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 4 ]; then
    cat >&2 <<'USAGE'
usage: bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of tools/test.py]
  Variables: GPUS (all, 8), GPUS_PER_NODE (8), CPUS_PER_TASK (5), SRUN_ARGS.
USAGE
    exit 2
fi
source "$here/_env.sh"
find_python
need_file "$3"
need_file "$4"
on_slurm "$1" "$2" \
    "$PY" -u "$here/test.py" "$3" "$4" --launcher=slurm "${@:5}"
