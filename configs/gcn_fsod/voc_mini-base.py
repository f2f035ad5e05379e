# Base training of GCN-FSOD on real VOC pictures, on a CPU, after
# voc_mini-pretrain.py; tested on the base classes.
_base_ = [
    '../_base_/models/gcn_fsod_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini_after_detector.py'
]

# As much CPU time as voc_mini-pretrain.py, both together as much as
# voc_mini-base-tfa.py.
max_iters = 1350
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    _base_.support_hook, *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
