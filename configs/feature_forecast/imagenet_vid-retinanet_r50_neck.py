# Forecast of all five maps of RetinaNet's neck; not in the paper.
_base_ = [
    'mmdet::_base_/models/retinanet_r50_fpn.py',
    '../_base_/datasets/imagenet_vid.py',
    '../_base_/schedules/feature_forecast_40e.py'
]

detector = _base_.model
detector.pop('data_preprocessor')
del _base_.model
detector.bbox_head.update(num_classes=30)
model = dict(
    type='FeatureForecastDetector',
    data_preprocessor=dict(
        type='TrackDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    detector=detector,
    insert='neck',
    temporal=dict(
        type='FeatureForecastModule',
        in_channels=[256] * 5,
        hidden_channels=[64] * 5,
        levels=(0, 1, 2, 3, 4),
        residual=True),
    scheduler=dict(type='CorrelationScheduler', level=2))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'temporal.': dict(lr_mult=1.)}))
