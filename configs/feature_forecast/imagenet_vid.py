# Table 2, (a) Complete model, by the letter of the paper. Trains on from the
# first phase, imagenet_vid-pretrain.py.
_base_ = [
    '../_base_/models/ssdlite_mbv2_one_level.py',
    '../_base_/datasets/imagenet_vid.py',
    '../_base_/schedules/feature_forecast_40e.py'
]

detector = _base_.model
detector.pop('data_preprocessor')
del _base_.model
detector.init_cfg = dict(
    type='Pretrained',
    checkpoint='work_dirs/imagenet_vid-pretrain/epoch_20.pth')
model = dict(
    type='FeatureForecastDetector',
    data_preprocessor=dict(
        type='TrackDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True),
    detector=detector,
    temporal=dict(
        type='FeatureForecastModule', in_channels=1280, hidden_channels=256),
    scheduler=dict(type='CorrelationScheduler'))
