# A baseline: Attention RPN, after voc_mini-base-attention_rpn.py.
_base_ = [
    '../_base_/models/attention_rpn_mbv2.py',
    '../_base_/datasets/voc_mini_few_shot.py',
    '../_base_/schedules/few_shot_voc_mini_200.py'
]

max_iters = 300
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters
model = dict(num_support_ways=2, frozen_parameters=['backbone', 'neck'])
load_from = 'work_dirs/voc_mini-base-attention_rpn/iter_1500.pth'
custom_hooks = [
    _base_.support_hook, *_base_.cpu_hooks,
    dict(type='BenchmarkHook', dataset='VOC mini')
]
