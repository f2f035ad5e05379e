# Improved Model 5 (Table 6): the baseline at 1024 x 1024.
_base_ = [
    '../_base_/models/yolov5s.py', '../_base_/datasets/visdrone_1024.py',
    '../_base_/schedules/yolov5_150e.py'
]

model = dict(bbox_head=dict(img_size=1024))
custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM5/VisDrone2019',
        dataset='VisDrone2019')
]
