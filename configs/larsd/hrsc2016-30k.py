# LARSD-11 with a third of the paper's iterations.
_base_ = './hrsc2016.py'

train_cfg = dict(max_iters=30000)
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=False, begin=0,
         end=500),
    dict(type='MultiStepLR', begin=0, end=30000, by_epoch=False,
         milestones=[20000, 26667], gamma=0.1)
]
