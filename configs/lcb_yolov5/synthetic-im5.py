# Improved Model 5 (Table 6), synthetic town: the baseline at 416 x 416.
_base_ = [
    '../_base_/models/yolov5s_small.py',
    '../_base_/datasets/synthetic_aerial_416.py',
    '../_base_/schedules/yolov5_cpu.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM5/VisDrone2019')
]
