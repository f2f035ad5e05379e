# Improved Model 4 (Table 6), synthetic town: the baseline with Dres2 modules.
_base_ = './synthetic-yolov5s.py'

model = dict(neck=dict(csp='dres2'))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM4/VisDrone2019')
]
