# Improved Model 6 (Table 6), synthetic town: all changes, at 416 x 416.
_base_ = [
    '../_base_/models/lcb_yolov5s_small.py',
    '../_base_/datasets/synthetic_aerial_416.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM6/VisDrone2019')
]
