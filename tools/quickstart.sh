#!/usr/bin/env bash
# From nothing to a trained and tested detector, with pictures: sets up the
# environment, writes a synthetic harbour, trains LARSD on it and tests it.
#
# usage: bash tools/quickstart.sh
# A second run continues where the first one ended. The environment is chosen
# as described in tools/_env.sh.
set -euo pipefail
source "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/_env.sh"
config=configs/larsd/synthetic.py
data=data/synthetic_harbour
work=work_dirs/quickstart/larsd

set_up ''
cd "$root"
export MPLBACKEND=Agg
log=$root/work_dirs/quickstart.log
mkdir -p "$root/work_dirs"
: >"$log"
# Of the hundreds of lines that a run logs: the end of every epoch, results,
# resuming.
results='/Epoch(train)/{
s/.* - INFO - \(Epoch(train) *\[[0-9]*\]\)\[ *\([0-9]*\)\/\2\].*  \(eta: [^ ]*\).*  \(loss: [^ ]*\).*/\1  \3  \4/p
d
}
/ - INFO - Epoch(.*AP/s/.* - INFO - //p
/resumed epoch/p'

step "Synthetic harbour: $data"
"$PY" tools/make_synthetic.py harbour "$data"

step 'Training LARSD'
# Does nothing but load when the last epoch's checkpoint is there.
echo "(whole output: $log)"
filtered "$results" "$PY" tools/train.py "$config" --work-dir "$work" --resume

step 'Testing on images that training has not seen'
checkpoint=$work/$(basename "$(cat "$work/last_checkpoint")")
filtered "$results" "$PY" tools/test.py "$config" "$checkpoint" \
    --work-dir "$work" --show-dir pictures
# Ground truth on the left, detections on the right.
pictures=$(ls -td "$work"/*/pictures | head -n 1)
echo "$(find "$pictures" -type f | wc -l) pictures"

step 'Benchmark table'
"$PY" tools/benchmark_table.py "$work"

step 'Done'
cat <<TEXT
Left behind:
  images and labels, in HRSC2016's format   $root/$data
  trained weights                           $root/$checkpoint
  measured numbers                          $root/$work/benchmark.md
  ground truth and detections, drawn        $root/$pictures
Go on, in $root, with
  $PY tools/image_demo.py YOUR_IMAGE $config $checkpoint --out-dir OUT
  bash tools/dist_train.sh $config 2    # two processes
  bash tools/run_tests.sh
and for real ships read configs/larsd/README.md.
TEXT
