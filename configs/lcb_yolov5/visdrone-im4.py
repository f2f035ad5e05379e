# Improved Model 4 (Table 6): the baseline with Dres2 modules.
_base_ = './visdrone-yolov5s.py'

model = dict(neck=dict(csp='dres2'))

custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM4/VisDrone2019',
        dataset='VisDrone2019')
]
