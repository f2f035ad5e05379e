# larsd_cpu_iters.py for a backbone with ImageNet weights. A comparison at
# equal CPU time sets max_iters, val_interval and T_max of each model.
_base_ = './larsd_cpu.py'

train_cfg = dict(
    _delete_=True,
    type='IterBasedTrainLoop',
    max_iters=5000,
    val_interval=5000)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        T_max=5000,
        eta_min_ratio=0.01,
        by_epoch=False)
]
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(backbone=dict(lr_mult=0.3)),
        # RTMDet's head shares its convolutions.
        bypass_duplicate=True))
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(by_epoch=False, interval=250, max_keep_ckpts=2))
log_processor = dict(by_epoch=False)
# For custom_hooks.
cpu_hooks = [
    dict(type='mmdet.AutocastHook'),
    dict(type='mmdet.ChannelsLastHook'),
    dict(type='mmdet.MapCheckHook'),
    dict(
        type='EMAHook',
        ema_type='mmdet.ExpMomentumEMA',
        momentum=0.002,
        update_buffers=True,
        priority=49)
]
