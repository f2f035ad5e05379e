# LARSD-2 (Table II), synthetic harbour: P2, no anchors, 5-point diamond.
# Same weights as synthetic-p2.py: testing is enough.
_base_ = './synthetic-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond5')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-2/HRSC2016')
]
