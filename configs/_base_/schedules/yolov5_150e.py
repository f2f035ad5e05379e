_base_ = '../default_runtime.py'

# Table 1: SGD, 150 epochs, batch 16, rate 0.01, weight decay 0.0005. Its
# momentum of 0.973 is taken for a misprint of 0.937, YOLOv5's.
max_epochs = 150
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

# YOLOv5 accumulates to a nominal batch of 64, and adds the losses of the four
# parts, each times its 16 images. mmengine divides them by four; the head's
# batch_scale of 64 makes that equal. Keep 64 and change accumulative_counts
# for another batch.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='SGD',
        lr=0.01,
        momentum=0.937,
        weight_decay=0.0005,
        nesterov=True),
    paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.),
    accumulative_counts=4,
    clip_grad=dict(max_norm=10, norm_type=2))
# YOLOLrHook sets the rate.
param_scheduler = []
auto_scale_lr = dict(enable=False, base_batch_size=16)

yolo_lr = dict(type='YOLOLrHook')
ema = dict(
    type='EMAHook',
    ema_type='ExpMomentumEMA',
    momentum=0.0001,
    # Counted in iterations: an average every 4, as the optimiser steps.
    gamma=8000,
    interval=4,
    update_buffers=True,
    priority=49)
custom_hooks = [yolo_lr, ema]

default_hooks = dict(
    fuse=dict(type='FuseConvBNHook'),
    checkpoint=dict(
        type='CheckpointHook',
        interval=10,
        max_keep_ckpts=2,
        # Without the name the first number of the first metric would count.
        save_best='det/mAP_50',
        rule='greater'))
