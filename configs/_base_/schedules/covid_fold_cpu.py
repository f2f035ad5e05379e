# For a fold of 40 slices, on a CPU. A comparison at equal CPU time sets
# max_epochs and T_max.
_base_ = './covid_cpu.py'

max_epochs = 60
train_cfg = dict(max_epochs=max_epochs, val_interval=20)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_epochs
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
