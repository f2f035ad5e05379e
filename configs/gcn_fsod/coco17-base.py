# Base training of GCN-FSOD on COCO 2017, 60 base classes.
_base_ = [
    '../_base_/models/gcn_fsod_r50_c4.py',
    '../_base_/datasets/coco17_few_shot_base.py',
    '../_base_/schedules/few_shot_120k.py'
]

custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
