# Base training of GCN-FSOD on the synthetic toys, small enough for a CPU;
# tested on the base classes. Make the data first:
#   python tools/make_synthetic.py toys data/synthetic_toys
_base_ = [
    '../_base_/models/gcn_fsod_small.py',
    '../_base_/datasets/synthetic_toys_base.py',
    '../_base_/schedules/few_shot_cpu.py'
]

custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
