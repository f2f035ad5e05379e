# 40 epochs of one clip per video (Section 4.2). Rates of detector and
# backbone, encoders and scheduler follow the paper: 1e-2, 1e-4 and 1e-3.
_base_ = '../default_runtime.py'

max_epochs = 40
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

# A key is looked for in the names of parameters: keep the dots.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=4e-5),
    clip_grad=dict(max_norm=35),
    paramwise_cfg=dict(
        custom_keys={
            'temporal.': dict(lr_mult=0.01),
            'scheduler.': dict(lr_mult=0.1, tag='scheduler')
        }))
param_scheduler = [
    dict(
        type='GroupMultiStepLR',
        group='main',
        by_epoch=True,
        begin=0,
        end=max_epochs,
        milestones=[18, 30],
        gamma=0.1),
    dict(
        type='GroupMultiStepLR',
        group='scheduler',
        by_epoch=True,
        begin=0,
        end=max_epochs,
        milestones=[30, 35],
        gamma=0.1)
]
auto_scale_lr = dict(enable=False, base_batch_size=12)
find_unused_parameters = False

default_hooks = dict(
    visualization=dict(type='VIDVisualizationHook', draw=False),
    checkpoint=dict(interval=1, max_keep_ckpts=3, save_best='vid/mAP'))
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=25, thinning_off=38),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='feature_forecast/table2/Complete/ImageNet-VID')
]
