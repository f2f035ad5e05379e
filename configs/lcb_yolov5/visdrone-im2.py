# Improved Model 2 (Table 6): the baseline with LCB modules.
_base_ = './visdrone-yolov5s.py'

model = dict(backbone=dict(downsample='lsm'))

custom_hooks = [
    _base_.yolo_lr, _base_.ema,
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM2/VisDrone2019',
        dataset='VisDrone2019')
]
