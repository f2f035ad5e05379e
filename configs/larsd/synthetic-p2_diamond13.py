# LARSD-4 (Table II), synthetic harbour: P2, no anchors, 13-point diamond.
# Same weights as synthetic-p2.py: testing is enough.
_base_ = './synthetic-p2.py'

model = dict(
    test_cfg=dict(
        lasa=dict(
            _delete_=True,
            type='LocalityAwareScoreAlign',
            pattern='diamond13')))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/LARSD-4/HRSC2016')
]
