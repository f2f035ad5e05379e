# Improved Model 6 (Table 6), synthetic town: all changes, at 416 x 416.
_base_ = [
    '../_base_/models/lcb_yolov5s.py',
    '../_base_/datasets/synthetic_aerial_416.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        num_classes=4, in_channels=[64, 128, 256], img_size=416,
        batch_scale=1.))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM6/VisDrone2019')
]
