# LARSD-10 (Table IV) on HRSC2016: P2-P4, anchors, no LASA.
# Same weights as hrsc2016.py: testing is enough.
_base_ = './hrsc2016.py'

model = dict(test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-10/HRSC2016',
        dataset='HRSC2016')
]
