#!/usr/bin/env bash
# Train on a Slurm cluster; arguments and variables as in mmdet's script.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 4 ]; then
    cat >&2 <<'USAGE'
usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of tools/train.py]
  Variables: GPUS (all, 8), GPUS_PER_NODE (8), CPUS_PER_TASK (5), SRUN_ARGS.
USAGE
    exit 2
fi
source "$here/_env.sh"
find_python
need_file "$3"
on_slurm "$1" "$2" \
    "$PY" -u "$here/train.py" "$3" --work-dir="$4" --launcher=slurm "${@:5}"
