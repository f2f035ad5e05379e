# LARSD-5 (Table III), synthetic harbour: P3, no anchors, no LASA.
_base_ = './synthetic-p2.py'

model = dict(
    neck=dict(out_levels=(3, )),
    bbox_head=dict(anchor_generator=dict(strides=[8])))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-5/HRSC2016')
]
