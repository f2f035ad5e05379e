# SPPS alone (the change of Improved Model 3), beside
# hit_uav-yolov5s.py.
_base_ = './hit_uav-yolov5s.py'

model = dict(backbone=dict(spp='spps'))

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM3/VisDrone2019',
        dataset='HIT-UAV')
]
