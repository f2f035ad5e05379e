# Dres2 modules alone (the change of Improved Model 4), beside
# hit_uav-yolov5s.py.
_base_ = './hit_uav-yolov5s.py'

model = dict(neck=dict(csp='dres2', zero_init_residual=True))

max_iters = 17200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(
    end=max_iters, T_max=max_iters - _base_.warmup_iters)

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='AnchorCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='lcb_yolov5/table6/IM4/VisDrone2019',
        dataset='HIT-UAV')
]
