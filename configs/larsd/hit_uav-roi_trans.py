# RoI Transformer, made small, on real vehicles: backbone, data, augmentation
# and schedule of hit_uav.py.
_base_ = [
    '../_base_/models/roi_trans_mbv2.py',
    '../_base_/datasets/hit_uav_rotated.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

bbox_head = _base_.model.roi_head.bbox_head
bbox_head[0].update(num_classes=3)
bbox_head[1].update(num_classes=3)
model = dict(roi_head=dict(bbox_head=bbox_head))

# As much CPU time as the 5,000 of hit_uav.py.
max_iters = 3000
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='HIT-UAV')
]
