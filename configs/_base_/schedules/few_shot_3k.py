# Fine-tuning of GCN-FSOD on 30 shots (section 4.1): 3000 iterations, the rate
# divided by 10 in the last 1000.
_base_ = './few_shot_2k.py'

train_cfg = dict(max_iters=3000, val_interval=3000)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=200),
    dict(type='MultiStepLR', by_epoch=False, milestones=[2000], gamma=0.1)
]
default_hooks = dict(checkpoint=dict(interval=3000))
