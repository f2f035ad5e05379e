# Table 2, Baseline: the recurrent SSDLite, one bottleneck LSTM.
_base_ = './imagenet_vid.py'

model = dict(
    temporal=dict(
        _delete_=True,
        type='RecurrentFeatureModule',
        in_channels=1280,
        hidden_channels=256),
    scheduler=None,
    loss_forecast=None,
    policy=dict(mode='always_read'))
# Without the scheduler's.
param_scheduler = _base_.param_scheduler[:1]
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=25, thinning_off=38),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='feature_forecast/table2/Baseline/ImageNet-VID')
]
