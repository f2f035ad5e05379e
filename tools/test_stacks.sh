#!/usr/bin/env bash
# Try mmextra's wheel on the stacks of the README's install table, each in a
# virtual environment of its own, installed by the README's commands.
#
# usage: bash tools/test_stacks.sh [NAME...]     all of them without a name
# What is tried: the wheel in an empty folder (data, training, test), one
# training step, test and reload of every paper, the mixing matrix. Prints a
# table and appends it to results.txt; a log per stack lies beside it.
# Environment variables:
#   MMEXTRA_STACKS   folder of all that, by default in the user's cache
#                    directory; up to 6 GB per stack with a torch for CUDA
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=$root/tools/test_stacks.sh
stacks=${MMEXTRA_STACKS:-${XDG_CACHE_HOME:-$HOME/.cache}/mmextra/stacks}

# name | Python | torch | mmextra's extra, further requirements | install-mmcv
table="\
default     | 3.11 | torch==2.13.0                     | [openmmlab] mmdet==3.1.0                    | --cpu
mmdet30     | 3.11 | torch==2.13.0                     | [openmmlab] mmdet==3.0.0                    | --cpu
mmdet32     | 3.11 | torch==2.13.0                     | [openmmlab] mmdet==3.2.0                    | --cpu
py310       | 3.10 | torch==2.1.2 numpy<2              | [openmmlab] mmdet==3.1.0 numpy<2            | --cpu
py312       | 3.12 | torch==2.14.1                     | [openmmlab] mmdet==3.3.0                    | --cpu
onedl       | 3.13 | torch==2.14.1 torchvision==0.29.1 | [onedl]                                     | --cpu
no-mmrotate | 3.11 | torch==2.13.0                     | mmengine==0.10.7 mmdet==3.3.0 setuptools<82 | --cpu --mmcv-version 2.0.1
cuda        | 3.12 | torch==2.14.1                     | [openmmlab] mmdet==3.3.0                    | --arch 9.0"

field() {  # field NUMBER LINE
    cut -d '|' -f "$1" <<<"$2" | sed 's/^ *//; s/ *$//'
}

find_interpreter() {
    local found
    for found in "$(command -v "python$1" || true)" \
            "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        # pyenv's python3.12 is there also if it leads nowhere.
        [ -n "$found" ] && "$found" --version &>/dev/null &&
            echo "$found" && return
    done
    echo "test_stacks.sh: no Python $1 found" >&2
    return 1
}

install() {  # install NAME LINE
    local venv=$stacks/$1 extra further torch
    torch=$(field 3 "$2")
    further=$(field 4 "$2")
    extra=''
    if [[ $further == \[* ]]; then
        extra=${further%%]*}]
        further=${further#*]}
    fi
    [ -x "$venv/bin/python" ] ||
        "$(find_interpreter "$(field 2 "$2")")" -m venv "$venv"
    # shellcheck disable=SC1091
    . "$venv/bin/activate"
    # The environment decides what is imported.
    unset PYTHONPATH
    local wheel
    wheel=$(echo "$stacks"/dist/*.whl)
    # shellcheck disable=SC2086
    pip install $torch
    # Of this checkout, whatever was tried before.
    pip install --no-deps --force-reinstall "$wheel"
    # shellcheck disable=SC2086
    pip install "$wheel$extra" $further
    # shellcheck disable=SC2046
    mmextra install-mmcv $(field 5 "$2")
    # The tests' own tools, whatever torch and hosts are here.
    pip install pytest pytest-timeout
    mmextra doctor
}

# In an empty folder with nothing but the wheel.
use_wheel() {
    local config=larsd/synthetic.py data=harbour
    if [ "$1" = no-mmrotate ]; then
        ! mmextra train larsd/synthetic.py 2>refusal.txt
        grep 'pip install mmrotate==' refusal.txt
        config=lcb_yolov5/synthetic.py data=aerial
    fi
    mmextra synthetic "$data" "data/synthetic_$data" \
        --num-train 4 --num-val 2 --num-test 2
    mmextra train "$config" --work-dir work --cfg-options \
        train_cfg.max_epochs=1 default_hooks.checkpoint.interval=1
    mmextra test "$config" work/epoch_1.pth --work-dir work
    cat >own.py <<CONFIG
_base_ = 'mmextra::$config'
work_dir = 'own'
CONFIG
    mmextra train own.py --cfg-options \
        train_cfg.max_epochs=1 default_hooks.checkpoint.interval=1
}

check_papers() {
    python "$root/tests/stack_check.py"
}

mix() {
    local chosen=()
    # The others take mmrotate's boxes, and videos.
    [ "$1" != no-mmrotate ] || chosen=(tests/test_without_mmrotate.py)
    [ "$1" != mmdet30 ] || chosen=(tests/test_without_video.py)
    (cd "$root" && python -m pytest -p no:cacheprovider \
        "${chosen[@]:-tests/test_mixing.py}")
}

try() {  # try NAME LINE: leaves a line of the table of results
    local name=$1 step told='' folder
    install "$name" "$2"
    folder=$(mktemp -d)
    cd "$folder"
    export MPLBACKEND=Agg OMP_NUM_THREADS=1
    for step in use_wheel check_papers mix; do
        echo "== $step"
        if bash "$script" --run "$step" "$name"; then
            told+=' | ok'
        else
            told+=' | FAILED'
        fi
    done
    cd / && rm -rf "$folder"
    echo "$name | $(versions) | $(date +%F)$told" >>"$stacks/results.txt"
    [[ $told != *FAILED* ]]
}

versions() {
    python - <<'PYTHON'
import importlib.metadata as metadata
import platform

row = ['Python ' + platform.python_version()]
for names in (['torch'], ['mmcv', 'onedl-mmcv'], ['mmdet', 'onedl-mmdetection'],
              ['mmrotate', 'onedl-mmrotate'], ['numpy'], ['opencv-python']):
    for name in names:
        try:
            row.append(f'{name} {metadata.version(name)}')
        except metadata.PackageNotFoundError:
            pass
print(', '.join(row))
PYTHON
}

build_wheel() {
    rm -rf "$stacks/dist"
    # In the copy of an sdist, as from a package index.
    "$(find_interpreter 3.11)" -m venv "$stacks/build"
    "$stacks/build/bin/pip" install -q 'setuptools>=77,<82' wheel build
    "$stacks/build/bin/python" -m build --no-isolation -o "$stacks/dist" \
        "$root"
}

# The functions above run in processes of their own, for set -e has no effect
# inside of a condition.
if [ "${1:-}" = --run ]; then
    shift
    "$@"
    exit
fi

names=("$@")
if [ $# = 0 ]; then
    mapfile -t names < <(cut -d ' ' -f 1 <<<"$table")
fi
mkdir -p "$stacks"
bash "$script" --run build_wheel >"$stacks/wheel.log" 2>&1 || {
    tail "$stacks/wheel.log" >&2
    exit 1
}
status=0
for name in "${names[@]}"; do
    line=$(grep "^$name " <<<"$table") || {
        echo "test_stacks.sh: no stack named $name; there are" \
            "$(cut -d ' ' -f 1 <<<"$table" | xargs)" >&2
        exit 1
    }
    echo "trying $name (log: $stacks/$name.log)" >&2
    if bash "$script" --run try "$name" "$line" >"$stacks/$name.log" 2>&1; then
        tail -n 1 "$stacks/results.txt"
    else
        status=1
        grep "^$name |.*FAILED" <(tail -n 1 "$stacks/results.txt") ||
            echo "$name | not installed"
    fi
done
exit $status
