# Base training on real pictures on a CPU, counted in iterations; a pretrained
# backbone, and a neck that starts with its principal components, learn a tenth
# as fast. Not the paper's.
_base_ = './few_shot_cpu.py'

max_iters = 2700
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(
            backbone=dict(lr_mult=0.1),
            neck=dict(lr_mult=0.1),
            # Of GCN-FSOD's head: the same similarity for all classes.
            global_embed=dict(lr_mult=0.1),
            local_embed=dict(lr_mult=0.1))))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        T_max=max_iters,
        eta_min_ratio=0.02,
        by_epoch=False)
]
default_hooks = dict(checkpoint=dict(interval=200, max_keep_ckpts=2))
# For custom_hooks.
cpu_hooks = [
    dict(type='PrincipalComponentsHook', sources=[96, 1280]),
    dict(type='AutocastHook'),
    dict(type='ChannelsLastHook'),
    dict(type='MapCheckHook')
]
