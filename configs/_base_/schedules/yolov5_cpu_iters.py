# yolov5_cpu.py counted in iterations, for runs of equal length.
_base_ = './yolov5_cpu.py'

max_iters = 700
train_cfg = dict(
    _delete_=True,
    type='IterBasedTrainLoop',
    max_iters=max_iters,
    val_interval=350)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        T_max=max_iters,
        eta_min_ratio=0.01,
        by_epoch=False)
]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=350))
log_processor = dict(by_epoch=False)
