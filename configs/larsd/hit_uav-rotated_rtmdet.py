# mmrotate's rotated RTMDet-tiny on real vehicles: backbone, data, augmentation
# and schedule of hit_uav.py.
_base_ = [
    '../_base_/models/rotated_rtmdet_mbv2.py',
    '../_base_/datasets/hit_uav_rotated.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

model = dict(bbox_head=dict(num_classes=3))

# As much CPU time as the 5,000 of hit_uav.py.
max_iters = 4700
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='HIT-UAV')
]
