# The complete model on real videos of debris on airfields, from the detector
# of foda_vid-pretrain.py. Runs of forecasts are trained on what the detector
# finds in them, and errors weigh more where the map changes; neither is in
# the paper. See README.md for the data.
_base_ = [
    '../_base_/models/ssdlite_mbv2_224.py',
    '../_base_/datasets/imagenet_vid.py',
    '../_base_/schedules/feature_forecast_40e.py'
]

detector = _base_.model
detector.pop('data_preprocessor')
del _base_.model
# Frozen, see synthetic.py.
detector.backbone.update(frozen_stages=7, norm_eval=True)
detector.init_cfg = dict(
    type='Pretrained', checkpoint='work_dirs/foda_vid-pretrain/epoch_7.pth')
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
        in_channels=(96, 1280),
        hidden_channels=(64, 160),
        levels=(0, 1),
        residual=True,
        act_cfg=dict(type='Tanh')),
    loss_forecast=dict(
        type='ForecastMSELoss', loss_weight=100., motion_weight=1.),
    rollout_cfg=dict(steps=2, head_weight=0.5),
    scheduler_input='read',
    decision_cfg=dict(
        iou_thr=0.7,
        score_thr=0.3,
        empty_target=1,
        relative=True,
        rollout_steps=3),
    scheduler=dict(
        type='CorrelationScheduler',
        max_displacement=1,
        conv_channels=(32, 16),
        pool_size=1,
        normalize=True,
        norm_cfg=dict(type='BN')),
    policy=dict(mode='scheduler', threshold=1.0, cumulative=True))

data_root = 'data/foda_vid/'
data_prefix = dict(img_path='images/')
img_scale = (224, 224)
metainfo = dict(classes=('debris', ))
train_pipeline = _base_.train_pipeline
train_pipeline[0].update(num_frames=8, max_thinning=3)
train_pipeline[2].update(
    img_scale=img_scale,
    expand_ratio=(1, 1.6),
    expand_prob=0.4,
    min_ious=(0.5, 0.7, 0.9),
    min_crop_size=0.5)
test_pipeline = _base_.test_pipeline
test_pipeline[0].transforms[1].update(scale=img_scale)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/train.json',
        data_prefix=data_prefix,
        metainfo=metainfo,
        pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/val.json',
        data_prefix=data_prefix,
        metainfo=metainfo,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

max_epochs = 24
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='AdamW', lr=0.0003, weight_decay=0.01),
    clip_grad=dict(max_norm=100),
    paramwise_cfg=dict(
        custom_keys={
            # Its last convolution belongs to no stage that can be frozen.
            'detector.backbone.': dict(lr_mult=0., decay_mult=0.),
            'temporal.': dict(lr_mult=10.),
            'scheduler.': dict(lr_mult=3., tag='scheduler')
        }))
param_scheduler = [
    dict(
        type='GroupMultiStepLR',
        group='main',
        end=max_epochs,
        milestones=[16, 22]),
    dict(
        type='GroupMultiStepLR',
        group='scheduler',
        end=max_epochs,
        milestones=[20, 23])
]
default_hooks = dict(logger=dict(interval=10))
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=12, thinning_off=18),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        dataset='FOD-A videos',
        reference='feature_forecast/table2/Complete/ImageNet-VID')
]
randomness = dict(seed=0)
