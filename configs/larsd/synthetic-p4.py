# LARSD-6 (Table III), synthetic harbour: P4, no anchors, no LASA.
_base_ = './synthetic-p2.py'

model = dict(
    neck=dict(out_levels=(4, )),
    bbox_head=dict(anchor_generator=dict(strides=[16])))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-6/HRSC2016')
]
