# Improved Model 3 (Table 6): the baseline with SPPS.
_base_ = './visdrone-yolov5s.py'

model = dict(backbone=dict(spp='spps'))

custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM3/VisDrone2019',
        dataset='VisDrone2019')
]
