# LARSD-3 (Table II), synthetic harbour: P2, no anchors, 9-point diamond.
# Same weights as synthetic-p2.py: testing is enough.
_base_ = './synthetic-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond9')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-3/HRSC2016')
]
