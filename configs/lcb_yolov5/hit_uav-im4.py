# Dres2 modules alone (the change of Improved Model 4), beside
# hit_uav-yolov5s.py.
_base_ = './hit_uav-yolov5s.py'

model = dict(neck=dict(csp='dres2'))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM4/VisDrone2019',
        dataset='HIT-UAV')
]
