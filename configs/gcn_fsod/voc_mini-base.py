# Base training of GCN-FSOD on real VOC pictures, on a CPU; tested on the base
# classes.
_base_ = [
    '../_base_/models/gcn_fsod_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini.py'
]

custom_hooks = [
    _base_.support_hook, *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
