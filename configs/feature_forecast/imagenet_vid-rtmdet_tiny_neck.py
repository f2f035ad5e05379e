# Forecast of the maps of RTMDet-tiny's neck at strides 16 and 32; the map at
# stride 8 is held at a forecast step. Not in the paper.
_base_ = [
    '../_base_/datasets/imagenet_vid.py',
    '../_base_/schedules/feature_forecast_40e.py'
]

norm_cfg = dict(type='BN')
act_cfg = dict(type='SiLU', inplace=True)
model = dict(
    type='FeatureForecastDetector',
    data_preprocessor=dict(
        type='TrackDataPreprocessor',
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
        bgr_to_rgb=False,
        pad_size_divisor=32),
    detector=dict(
        type='RTMDet',
        backbone=dict(
            type='CSPNeXt',
            deepen_factor=0.167,
            widen_factor=0.375,
            channel_attention=True,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg),
        neck=dict(
            type='CSPNeXtPAFPN',
            in_channels=[96, 192, 384],
            out_channels=96,
            num_csp_blocks=1,
            expand_ratio=0.5,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg),
        bbox_head=dict(
            type='RTMDetSepBNHead',
            num_classes=30,
            in_channels=96,
            feat_channels=96,
            stacked_convs=2,
            share_conv=True,
            pred_kernel_size=1,
            exp_on_reg=False,
            with_objectness=False,
            anchor_generator=dict(
                type='MlvlPointGenerator', offset=0, strides=[8, 16, 32]),
            bbox_coder=dict(type='DistancePointBBoxCoder'),
            loss_cls=dict(
                type='QualityFocalLoss',
                use_sigmoid=True,
                beta=2.0,
                loss_weight=1.0),
            loss_bbox=dict(type='GIoULoss', loss_weight=2.0),
            norm_cfg=norm_cfg,
            act_cfg=act_cfg),
        train_cfg=dict(
            assigner=dict(type='DynamicSoftLabelAssigner', topk=13),
            allowed_border=-1,
            pos_weight=-1,
            debug=False),
        test_cfg=dict(
            nms_pre=1000,
            min_bbox_size=0,
            score_thr=0.02,
            nms=dict(type='nms', iou_threshold=0.65),
            max_per_img=200)),
    insert='neck',
    temporal=dict(
        type='FeatureForecastModule',
        in_channels=(96, 96),
        hidden_channels=(48, 64),
        levels=(1, 2),
        residual=True),
    scheduler=dict(type='CorrelationScheduler', level=1))
# The levels of the head share their convolutions.
optim_wrapper = dict(
    paramwise_cfg=dict(
        bypass_duplicate=True, custom_keys={'temporal.': dict(lr_mult=1.)}))
