# LARSD-11 with aligned and raw score combined. Not in the paper.
# Same weights as hrsd.py: testing is enough.
_base_ = './hrsd.py'

model = dict(test_cfg=dict(lasa=dict(mode='geomean')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        name='LARSD-geomean',
        dataset='HRSD')
]
