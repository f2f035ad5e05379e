# For a fold of 40 slices, on a CPU. A comparison at equal CPU time sets
# max_epochs and T_max.
_base_ = './covid_cpu.py'

max_epochs = 120
train_cfg = dict(max_epochs=max_epochs, val_interval=20)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=60),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min_ratio=0.02,
        by_epoch=True,
        convert_to_iter_based=True)
]
# For custom_hooks.
cpu_hooks = [
    dict(type='AutocastHook'),
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.002,
        gamma=200,
        update_buffers=True,
        priority=49)
]
