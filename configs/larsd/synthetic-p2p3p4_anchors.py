# LARSD-10 (Table IV), synthetic harbour: P2-P4, anchors, no LASA.
# Same weights as synthetic.py: testing is enough.
_base_ = './synthetic.py'

model = dict(test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-10/HRSC2016')
]
