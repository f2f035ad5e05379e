# The baseline of Table 6 on the synthetic town, half as wide, at 256 x 256.
_base_ = [
    '../_base_/models/yolov5s.py',
    '../_base_/datasets/synthetic_aerial_256.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        num_classes=4, in_channels=[64, 128, 256], img_size=256,
        batch_scale=1.))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/YOLOv5s/VisDrone2019')
]
