# YOLOX-s on VisDrone, in place of the YOLOv7 of Table 3, which mmdet does not
# have: data, size and epochs of the baseline.
_base_ = [
    '../_base_/models/yolox_s.py', '../_base_/datasets/visdrone_640.py',
    '../_base_/schedules/yolov5_150e.py'
]

custom_hooks = [
    dict(type='YOLOLrHook', warmup_bias_lr=0.), _base_.ema,
    dict(type='BenchmarkHook', dataset='VisDrone2019')
]
