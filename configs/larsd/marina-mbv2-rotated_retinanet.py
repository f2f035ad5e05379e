# mmrotate's rotated RetinaNet on real ships, for as much CPU time
# as marina-mbv2.py.
_base_ = [
    '../_base_/models/rotated_retinanet_mbv2.py',
    '../_base_/datasets/marina.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

max_iters = 1060
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='marina tiles')
]
