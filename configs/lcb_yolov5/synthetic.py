# LCB-YOLOv5s on the synthetic town: half of its width from scratch at
# 384 x 384, small enough for a CPU. Make the data first:
#   python tools/make_synthetic.py aerial data/synthetic_aerial
_base_ = [
    '../_base_/models/lcb_yolov5s.py',
    '../_base_/datasets/synthetic_aerial.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(
    backbone=dict(widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256]),
    bbox_head=dict(
        num_classes=4, in_channels=[64, 128, 256], img_size=384,
        batch_scale=1.))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference=[
            'lcb_yolov5/table6/IM6/VisDrone2019',
            'lcb_yolov5/table3/LCB-YOLOv5s/VisDrone2019'
        ])
]
