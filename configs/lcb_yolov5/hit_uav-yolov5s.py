# The baseline of hit_uav.py: 320 x 320, as 640 is to 1024 in the paper.
_base_ = [
    '../_base_/models/yolov5s.py', '../_base_/datasets/hit_uav_320.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        num_classes=4, in_channels=[64, 128, 256], img_size=320,
        batch_scale=1.))

custom_hooks = [dict(type='BenchmarkHook', dataset='HIT-UAV')]
