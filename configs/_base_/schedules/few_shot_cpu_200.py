# Fine-tuning on a CPU, counted in iterations. Not the paper's.
_base_ = './few_shot_cpu.py'

max_iters = 200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=0.0002))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR',
        T_max=max_iters,
        eta_min_ratio=0.02,
        by_epoch=False)
]
default_hooks = dict(checkpoint=dict(interval=max_iters))
