# LARSD-11 on real ships: marina.py with ImageNet's MobileNetV2, as hit_uav.py
# has it.
_base_ = [
    '../_base_/models/larsd_mbv2.py', '../_base_/datasets/marina.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

model = dict(
    bbox_head=dict(
        anchor_generator=dict(anchors=_base_.marina_anchors)))

max_iters = 1000
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='marina tiles')
]
