# The larger input alone (the change of Improved Model 5), beside hit_uav.py.
_base_ = [
    '../_base_/models/yolov5s_small.py', '../_base_/datasets/hit_uav_512.py',
    '../_base_/schedules/yolov5_cpu_iters.py'
]

model = dict(
    bbox_head=dict(img_size=_base_.img_size, obj_weight=4.),
    test_cfg=dict(nms=dict(iou_threshold=0.45)))

max_iters = 9600
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(
    end=max_iters, T_max=max_iters - _base_.warmup_iters)

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM5/VisDrone2019',
        dataset='HIT-UAV')
]
