# A baseline: base training of Attention RPN on real VOC pictures, after
# voc_mini-pretrain.py, for as much CPU time as voc_mini-base.py.
_base_ = [
    '../_base_/models/attention_rpn_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot_base.py',
    '../_base_/schedules/few_shot_voc_mini_after_detector.py'
]

max_iters = 1500
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    _base_.support_hook, *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
