# The larger input alone (the change of Improved Model 5), beside hit_uav.py.
_base_ = [
    '../_base_/models/yolov5s_small.py', '../_base_/datasets/hit_uav_512.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(bbox_head=dict(img_size=_base_.img_size))

custom_hooks = [
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM5/VisDrone2019',
        dataset='HIT-UAV')
]
