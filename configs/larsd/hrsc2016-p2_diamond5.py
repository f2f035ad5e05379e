# LARSD-2 (Table II) on HRSC2016: P2, no anchors, diamond of 5 points.
# Same weights as hrsc2016-p2.py: testing is enough.
_base_ = './hrsc2016-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond5')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-2/HRSC2016',
        dataset='HRSC2016')
]
