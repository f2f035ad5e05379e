# YOLOv5s, half as wide, for four classes and a CPU.
_base_ = './yolov5s.py'

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        num_classes=4, in_channels=[64, 128, 256], batch_scale=1.))
