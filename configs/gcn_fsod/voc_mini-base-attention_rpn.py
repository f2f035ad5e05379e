# A baseline: base training of Attention RPN on real VOC pictures, after
# voc_mini-pretrain.py, for as much CPU time as voc_mini-base.py.
_base_ = [
    '../_base_/models/attention_rpn_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini.py'
]

max_iters = 1500
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
# See voc_mini-base.py.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(
            backbone=dict(lr_mult=0.02), neck=dict(lr_mult=0.3))))
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters
load_from = 'work_dirs/voc_mini-pretrain/iter_3300.pth'

custom_hooks = [
    _base_.support_hook, *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
