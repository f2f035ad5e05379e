# The baseline of Table 6 on the synthetic town, half as wide, at 256 x 256.
_base_ = [
    '../_base_/models/yolov5s_small.py',
    '../_base_/datasets/synthetic_aerial_256.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/YOLOv5s/VisDrone2019')
]
