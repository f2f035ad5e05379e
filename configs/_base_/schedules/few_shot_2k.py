# Fine-tuning of GCN-FSOD on 10 shots (section 4.1): 2000 iterations, the rate
# divided by 10 in the last 700.
_base_ = './few_shot_120k.py'

train_cfg = dict(max_iters=2000, val_interval=2000)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=200),
    dict(type='MultiStepLR', by_epoch=False, milestones=[1300], gamma=0.1)
]
default_hooks = dict(checkpoint=dict(interval=2000))
