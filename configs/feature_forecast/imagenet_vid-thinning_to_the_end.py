# Section 4.2: thinning in the last two epochs too (before the 0.5 points
# that the paper gains by stopping).
_base_ = './imagenet_vid.py'

custom_hooks = [
    dict(
        type='FeatureForecastPhaseHook', decision_begin=25, thinning_off=40),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook')
]
