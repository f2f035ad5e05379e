# LARSD-3 (Table II) on HRSD: P2, no anchors, diamond of 9 points.
# Same weights as hrsd-p2.py: testing is enough.
_base_ = './hrsd-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond9')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-3/HRSD',
        dataset='HRSD')
]
