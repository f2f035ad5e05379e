# Base training of GCN-FSOD on real VOC pictures, on a CPU; tested on the base
# classes.
_base_ = [
    '../_base_/models/gcn_fsod_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini.py'
]

# What ImageNet's features know of classes that no base picture shows is lost
# as they learn twelve others, and frozen ones learn no close boxes.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(
            backbone=dict(lr_mult=0.02), neck=dict(lr_mult=0.3))))

custom_hooks = [
    _base_.support_hook, *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
