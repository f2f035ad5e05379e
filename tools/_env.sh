# Shared by the scripts in this folder; source it, do not run it.
#
# Sets $root (the mmextra folder) and defines
#   find_python        sets $PY for scripts that only run something
#   set_up EXTRAS      makes the environment complete, sets $PY
#   on_slurm PARTITION JOB_NAME COMMAND...       ends by running it there
#   in_processes NUMBER SCRIPT [ARGUMENTS]...    ends by running $PY's so often
#   need_file PATH     stops if there is no such file; a URL passes
#   quietly COMMAND... runs it, output to the file $log only
#   filtered SED COMMAND...  the same, but shows what the sed script prints
#   step TEXT          heading with the seconds since the script started
# Environment variables:
#   MMEXTRA_VENV       virtual environment to use and, if absent, to create
#   MMEXTRA_TORCH      what pip installs where torch is absent
#   MMEXTRA_HOSTS      what pip installs where the hosts are absent: an extra
#                      of mmextra and further requirements, by default
#                      "openmmlab mmdet==3.1.0"; "onedl" is the other family
#   MMEXTRA_MMCV_ARGS  arguments for tools/install_mmcv.py
#   PYTHON             Python for find_python, taken as it is

# The functions below need it to see a command fail in a pipe.
set -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# This folder's mmextra, whatever else the environment has installed.
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Told here in one line; every process would tell it otherwise.
need_file() {
    [[ -f $1 || $1 == *://* ]] || die "no such file: $1 (seen from $PWD)"
}

on_slurm() {
    local partition=$1 name=$2
    shift 2
    # SRUN_ARGS holds several words.
    # shellcheck disable=SC2086
    exec srun -p "$partition" --job-name="$name" \
        --gres="gpu:${GPUS_PER_NODE:-8}" \
        --ntasks="${GPUS:-8}" --ntasks-per-node="${GPUS_PER_NODE:-8}" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} "$@"
}

in_processes() {
    local processes=$1
    shift
    exec "$PY" -m torch.distributed.run \
        --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" \
        --master_port="${PORT:-29500}" --nproc_per_node="$processes" "$@"
}

step() {
    printf '\n== [%4d s] %s\n' "$SECONDS" "$*"
}

# Whether a Python has the modules named. Nothing is imported: that would
# cost seconds.
has_modules() {
    local python=$1
    shift
    "$python" - "$@" 2>/dev/null <<'PYTHON'
import glob
import importlib.util as util
import sys

for name in sys.argv[1:]:
    spec = util.find_spec(name)
    if spec is None or not spec.origin:
        sys.exit(1)
    # mmcv without its compiled ops is of no use.
    if name == 'mmcv' and not glob.glob(
            spec.submodule_search_locations[0] + '/_ext*'):
        sys.exit(1)
PYTHON
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        PY=$PYTHON
        return
    fi
    local candidate
    for candidate in ${MMEXTRA_VENV:+"$MMEXTRA_VENV/bin/python"} python \
            python3 "$root/.venv/bin/python"; do
        if command -v "$candidate" >/dev/null &&
                has_modules "$candidate" torch mmengine; then
            PY=$candidate
            return
        fi
    done
    die "no Python with mmengine found (tried python and $root/.venv)." \
        "Run \"bash tools/quickstart.sh\" once, or activate your environment."
}

# If the command fails, both show the end of its output and stop.
filtered() {
    local script=$1
    shift
    echo "+ $*" >>"$log"
    "$@" 2>&1 | tee -a "$log" | sed -un "$script" || {
        tail -n 25 "$log" >&2
        die "failed: $* (whole output: $log)"
    }
}

quietly() {
    filtered '' "$@"
}

make_venv() {
    local venv=$1
    [ -x "$venv/bin/python" ] && return
    step "Creating the virtual environment $venv"
    command -v python3 >/dev/null || die 'python3 is not installed'
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "mmextra needs Python 3.10 or newer, this is $(python3 --version)"
    python3 -m venv "$venv" || {
        # A half-made folder would pass for an environment next time.
        rm -rf "$venv"
        die "python3 -m venv failed; on Debian: apt-get install python3-venv"
    }
}

# What the finished set-up depends on, as one line.
fingerprint() {
    "$PY" - "$root" "$1" <<'PYTHON'
import hashlib
import importlib.metadata as metadata
import sys
from pathlib import Path

root = Path(sys.argv[1])
files = sorted(root.glob('requirements/*.txt'))
files += [root / 'setup.py', *sorted(root.glob('mmextra_stack/*mmcv*.py'))]
digest = hashlib.sha256(b''.join(file.read_bytes() for file in files))


def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return 'absent'


print(digest.hexdigest(), root, sys.argv[2], 'torch', version('torch'),
      'mmcv', version('mmcv'), version('onedl-mmcv'))
PYTHON
}

install_mmcv() {
    local arguments=${MMEXTRA_MMCV_ARGS:-}
    # Any stack that works is left alone, of whatever versions.
    "$PY" -c 'import mmcv.ops, mmdet' 2>/dev/null && return
    # A torch for CUDA on a machine without GPU is common: it is what pip
    # gives by default.
    if [ -z "$arguments" ] && ! "$PY" -c \
            'import sys, torch; sys.exit(not torch.cuda.is_available())' \
            2>/dev/null; then
        arguments=--cpu
    fi
    step "mmcv with compiled ops (some minutes when it must be built)"
    # Of the compiler's output only the counter and the file: [12/77] nms.
    # shellcheck disable=SC2086
    filtered 's|^ *\(\[[0-9]*/[0-9]*\]\) .*/\([^/]*\)\.o\.d .*|  \1 \2|p
        /^Building mmcv /p; /^Built /p; /^Using /p; /^mmcv/p' \
        "$PY" "$root/tools/install_mmcv.py" $arguments
}

# set_up '' or set_up tests: choose the environment, install what is absent.
set_up() {
    local extras=$1 venv='' prefix stamp pins
    PY=''
    if [ -n "${MMEXTRA_VENV:-}" ]; then
        venv=$MMEXTRA_VENV
    else
        local candidate
        for candidate in python python3; do
            if command -v "$candidate" >/dev/null && has_modules \
                    "$candidate" torch mmcv mmengine mmdet mmrotate; then
                PY=$(command -v "$candidate")
                break
            fi
        done
        [ -n "$PY" ] || venv=$root/.venv
    fi
    if [ -n "$venv" ]; then
        make_venv "$venv"
        PY=$(cd "$venv/bin" && pwd)/python
    fi
    prefix=$("$PY" -c 'import sys; print(sys.prefix)')
    stamp=$prefix/.mmextra-set-up${extras:+-$extras}
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint "$extras")" ] &&
            has_modules "$PY" torch mmcv mmengine mmdet mmrotate; then
        echo "The environment $prefix is complete."
        return
    fi

    mkdir -p "$root/work_dirs"
    log=$root/work_dirs/set_up.log
    pins=$root/work_dirs/set_up_pins.txt
    : >"$log"
    step "Setting up $prefix (details: $log)"
    export PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
    if ! has_modules "$PY" torch; then
        step "PyTorch (${MMEXTRA_TORCH:=torch==2.13.0})"
        # shellcheck disable=SC2086
        quietly "$PY" -m pip install $MMEXTRA_TORCH
    fi
    # A torch that is here stays, whatever a dependency would like better.
    "$PY" -c 'import importlib.metadata as m; print("torch==" + m.version("torch"))' \
        >"$pins"
    export PIP_CONSTRAINT=$pins
    local hosts=${MMEXTRA_HOSTS:-openmmlab mmdet==3.1.0}
    if has_modules "$PY" mmengine mmdet mmrotate; then
        # Whichever family is there stays, and its versions.
        hosts=$("$PY" -c 'from mmextra_stack import families as f
print(f.present_family().extra)')
    fi
    step "mmdet, mmrotate and mmextra${extras:+ with extras: $extras}"
    quietly "$PY" -m pip install 'setuptools<82' wheel
    # shellcheck disable=SC2086
    quietly "$PY" -m pip install --no-build-isolation \
        -e "$root[${hosts%% *}${extras:+,$extras}]" \
        $(cut -s -d ' ' -f 2- <<<"$hosts")
    install_mmcv
    quietly "$PY" -c 'import mmextra'
    # Not writable: the next run checks again, which takes a minute longer.
    fingerprint "$extras" 2>/dev/null >"$stamp" || true
}
