# LARSD-1 (Table II), synthetic harbour: P2, no anchors, 9-point rectangle.
# Same weights as synthetic-p2.py: testing is enough.
_base_ = './synthetic-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='rect9')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-1/HRSC2016')
]
