# LARSD-8 (Table III), synthetic harbour: P2-P4, no anchors, 9-point diamond.
# Same weights as synthetic-p2p3p4.py: testing is enough.
_base_ = './synthetic-p2p3p4.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond9')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-8/HRSC2016')
]
