# The complete model on synthetic videos, small enough for a CPU: row (a) of
# Table 2 in kind. Make the data and train the first phase before:
#   python tools/make_synthetic.py moving_objects data/synthetic_video
#   python tools/train.py configs/feature_forecast/synthetic-pretrain.py
_base_ = [
    '../_base_/models/ssdlite_r18_small.py',
    '../_base_/datasets/imagenet_vid.py',
    '../_base_/schedules/feature_forecast_40e.py'
]

detector = _base_.model
detector.pop('data_preprocessor')
del _base_.model
# A backbone that learns lowers the forecast's error by maps that hardly change
# any more, faster than the encoders learn to forecast.
detector.backbone.update(frozen_stages=3, norm_eval=True)
detector.init_cfg = dict(
    type='Pretrained', checkpoint='work_dirs/synthetic-pretrain/epoch_16.pth')
model = dict(
    type='FeatureForecastDetector',
    data_preprocessor=dict(
        type='TrackDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True),
    detector=detector,
    temporal=dict(
        type='FeatureForecastModule',
        in_channels=64,
        hidden_channels=48,
        residual=True,
        # Changes have either sign, and so should the state.
        act_cfg=dict(type='Tanh')),
    # The gradient of a mean over all elements is a hundredth of that of the
    # head: with a weight of 30 the forecast is no better than a copy.
    loss_forecast=dict(type='ForecastMSELoss', loss_weight=1000.),
    # Between converted map and forecast there is no motion left to see, and
    # little between two forecasts in a row.
    scheduler_input='read',
    # What the detector misses anyway says nothing about the forecast; runs of
    # forecasts drift, and the scheduler must have seen some.
    decision_cfg=dict(
        iou_thr=0.7,
        score_thr=0.3,
        empty_target=1,
        relative=True,
        rollout_steps=3),
    # Without normalisation AdamW soon closes its ReLUs, for correlations are
    # all positive; a larger pool_size learns the places of 80 videos by heart.
    scheduler=dict(
        type='CorrelationScheduler',
        max_displacement=1,
        conv_channels=(32, 16),
        pool_size=1,
        normalize=True,
        norm_cfg=dict(type='BN')),
    policy=dict(mode='scheduler', threshold=1.0, cumulative=True))

data_root = 'data/synthetic_video/'
img_scale = (160, 160)
metainfo = dict(classes=('airplane', 'car', 'watercraft'))
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(num_frames=8)
train_pipeline[2].update(
    img_scale=img_scale,
    expand_prob=0,
    min_ious=(0.7, 0.9),
    min_crop_size=0.75)
# Scenes differ in light and colour by themselves.
train_pipeline.pop(3)
test_pipeline = _base_.test_pipeline
test_pipeline[0].transforms[1].update(scale=img_scale)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='RepeatDataset',
        times=2,
        dataset=dict(
            type='ImageNetVIDDataset',
            data_root=data_root,
            ann_file='annotations/imagenet_vid_train.json',
            data_prefix=dict(img_path='Data/VID/'),
            metainfo=metainfo,
            pipeline=train_pipeline)))
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root, metainfo=metainfo, pipeline=test_pipeline))
test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/imagenet_vid_test.json',
        metainfo=metainfo,
        pipeline=test_pipeline))

max_epochs = 12
train_cfg = dict(max_epochs=max_epochs, val_interval=6)
optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='AdamW', lr=0.0003, weight_decay=0.01),
    clip_grad=dict(max_norm=100),
    paramwise_cfg=dict(
        custom_keys={
            'temporal.': dict(lr_mult=20.),
            'scheduler.': dict(lr_mult=3., tag='scheduler')
        }))
param_scheduler = [
    dict(
        type='GroupMultiStepLR',
        group='main',
        end=max_epochs,
        milestones=[8, 11]),
    dict(
        type='GroupMultiStepLR',
        group='scheduler',
        end=max_epochs,
        milestones=[10, 11])
]
default_hooks = dict(logger=dict(interval=12))
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=5, thinning_off=9),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='feature_forecast/table2/Complete/ImageNet-VID')
]
randomness = dict(seed=0)
