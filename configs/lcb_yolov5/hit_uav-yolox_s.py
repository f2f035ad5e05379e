# YOLOX-s beside hit_uav.py: half as wide, 512 x 512, the same recipe, as many
# iterations as fit into the same CPU time.
_base_ = [
    '../_base_/models/yolox_s.py', '../_base_/datasets/hit_uav_512.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256], out_channels=64),
    bbox_head=dict(num_classes=4, in_channels=64, feat_channels=64))

max_iters = 7600
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(
    end=max_iters, T_max=max_iters - _base_.warmup_iters)

custom_hooks = [
    *_base_.cpu_hooks,
    dict(
        type='BenchmarkHook',
        dataset='HIT-UAV')
]
