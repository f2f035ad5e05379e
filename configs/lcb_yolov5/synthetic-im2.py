# Improved Model 2 (Table 6), synthetic town: the baseline with LCB modules.
_base_ = './synthetic-yolov5s.py'

model = dict(backbone=dict(downsample='lsm'))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM2/VisDrone2019')
]
