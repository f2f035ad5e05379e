# Base training of GCN-FSOD (section 4.1): 120k iterations of 8 queries, the
# rate divided by 10 in the last 8000. Not in the paper: warm-up, momentum and
# weight decay, as in Attention RPN.
_base_ = '../default_runtime.py'

train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=120000, val_interval=20000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.002, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=35))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=1000),
    dict(type='MultiStepLR', by_epoch=False, milestones=[112000], gamma=0.1)
]
auto_scale_lr = dict(enable=False, base_batch_size=8)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=20000))
log_processor = dict(by_epoch=False)
