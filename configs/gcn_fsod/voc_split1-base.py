# Base training on VOC, split 1 (not in the paper).
_base_ = [
    '../_base_/models/gcn_fsod_r50_c4.py',
    '../_base_/datasets/voc_few_shot_base.py',
    '../_base_/schedules/few_shot_120k.py'
]

custom_hooks = [_base_.support_hook, dict(type='BenchmarkHook')]
