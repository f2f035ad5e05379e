# Section 4.2: clips of consecutive frames from the first epoch on (before
# the 0.8 points that the paper gains by thinning).
_base_ = './imagenet_vid.py'

custom_hooks = [
    dict(type='FeatureForecastPhaseHook', decision_begin=25, thinning_off=0),
    dict(type='VIDDumpCheckHook'),
    dict(type='NumClassCheckHook')
]
