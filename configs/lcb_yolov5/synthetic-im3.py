# Improved Model 3 (Table 6), synthetic town: the baseline with SPPS.
_base_ = './synthetic-yolov5s.py'

model = dict(backbone=dict(spp='spps'))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM3/VisDrone2019')
]
