# LARSD-10 (Table IV) on HRSD: P2-P4, anchors, no LASA.
# Same weights as hrsd.py: testing is enough.
_base_ = './hrsd.py'

model = dict(test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-10/HRSD',
        dataset='HRSD')
]
