# LCB-YOLOv5s without the larger input, beside hit_uav-yolov5s.py.
_base_ = [
    '../_base_/models/lcb_yolov5s.py', '../_base_/datasets/hit_uav_320.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        num_classes=4, in_channels=[64, 128, 256], img_size=320,
        batch_scale=1.))

custom_hooks = [dict(type='BenchmarkHook', dataset='HIT-UAV')]
