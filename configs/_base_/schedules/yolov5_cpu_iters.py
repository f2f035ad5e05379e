# yolov5_cpu.py counted in iterations. Configs that are compared set max_iters
# to what fits into the same CPU time.
_base_ = './yolov5_cpu.py'

warmup_iters = 100
max_iters = 9000
train_cfg = dict(
    _delete_=True,
    type='IterBasedTrainLoop',
    max_iters=max_iters,
    val_interval=max_iters)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.01,
        by_epoch=False,
        begin=0,
        end=warmup_iters),
    dict(
        type='CosineAnnealingLR',
        begin=warmup_iters,
        end=max_iters,
        T_max=max_iters - warmup_iters,
        eta_min_ratio=0.01,
        by_epoch=False)
]
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(by_epoch=False, interval=250, max_keep_ckpts=2))
log_processor = dict(by_epoch=False)
# For custom_hooks, beside what a config adds.
cpu_hooks = [
    dict(type='AutocastHook'),
    dict(type='ChannelsLastHook'),
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.0005,
        gamma=1000,
        update_buffers=True,
        priority=49)
]
