# 100 epochs of single images by Adam at a constant rate.
_base_ = '../default_runtime.py'

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    # One pass over all weights; on a CPU torch has it from 2.4 on.
    optimizer=dict(type='Adam', lr=1e-5, weight_decay=1e-3, fused=True))
param_scheduler = []
auto_scale_lr = dict(enable=False, base_batch_size=1)

default_hooks = dict(checkpoint=dict(interval=10))
