# Table 2, (c) Model w/o combination: the detector sees the converted map
# alone. Without residual, which would let the map itself through.
_base_ = './synthetic.py'

model = dict(temporal=dict(combine='converted', residual=False))
custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=5, thinning_off=9),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook'),
    dict(
        type='BenchmarkHook',
        reference='feature_forecast/table2/wo_combination/ImageNet-VID')
]
