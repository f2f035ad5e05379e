# LARSD-4 (Table II) on HRSD: P2, no anchors, diamond of 13 points.
# Same weights as hrsd-p2.py: testing is enough.
_base_ = './hrsd-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond13')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-4/HRSD',
        dataset='HRSD')
]
