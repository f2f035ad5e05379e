_base_ = '../mmrotate_runtime.py'

# Sec. III-B: SGD, 90,000 iterations, initial rate 0.001.
# Not in the paper: the batch of 8, the warm-up and the milestones. "Divided
# by ten for every 10k iterations" would end at 1e-11; see
# configs/larsd/hrsd-literal_schedule.py.
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=90000, val_interval=5000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

param_scheduler = [
    dict(
        type='LinearLR', start_factor=1 / 3, by_epoch=False, begin=0,
        end=500),
    dict(
        type='MultiStepLR',
        begin=0,
        end=90000,
        by_epoch=False,
        milestones=[60000, 80000],
        gamma=0.1)
]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=35, norm_type=2))
# 2 GPUs with 4 images each.
auto_scale_lr = dict(enable=False, base_batch_size=8)

default_hooks = dict(
    checkpoint=dict(
        type='CheckpointHook',
        by_epoch=False,
        interval=5000,
        max_keep_ckpts=2,
        save_best='voc07/AP50',
        rule='greater'))
log_processor = dict(by_epoch=False)
