# The detector alone, tested frame by frame as a video; not a row of the
# paper. Takes the checkpoint of synthetic-pretrain.py, or trains on from
# there as long as synthetic.py does.
_base_ = './synthetic.py'

model = dict(
    temporal=None,
    scheduler=None,
    loss_forecast=None,
    policy=dict(mode='always_read'))
# Without the scheduler's.
param_scheduler = _base_.param_scheduler[:1]
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=5, thinning_off=9),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='feature_forecast/table2/Baseline/ImageNet-VID')
]
