# LARSD-8 (Table III) on HRSC2016: P2-P4, no anchors, diamond of 9 points.
# Same weights as hrsc2016-p2p3p4.py: testing is enough.
_base_ = './hrsc2016-p2p3p4.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond9')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-8/HRSC2016',
        dataset='HRSC2016')
]
