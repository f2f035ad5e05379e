# Table 2, (b) Model w/o forecast: the same encoders, not trained to forecast.
_base_ = './imagenet_vid.py'

model = dict(
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
        reference='feature_forecast/table2/wo_forecast/ImageNet-VID')
]
