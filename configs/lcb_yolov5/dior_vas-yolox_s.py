# YOLOX-s on DIOR-VAS, in place of the YOLOv7 of Table 4, which mmdet does not
# have: data, size and epochs of the baseline.
_base_ = [
    '../_base_/models/yolox_s.py', '../_base_/datasets/dior_vas_640.py',
    '../_base_/schedules/yolov5_150e.py'
]

model = dict(bbox_head=dict(num_classes=3))
custom_hooks = [
    dict(type='YOLOLrHook', warmup_bias_lr=0.), _base_.ema,
    dict(type='BenchmarkHook', dataset='DIOR-VAS')
]
