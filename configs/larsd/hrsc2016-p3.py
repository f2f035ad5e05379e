# LARSD-5 (Table III) on HRSC2016: P3, no anchors, no LASA.
_base_ = './hrsc2016-p2.py'

model = dict(
    neck=dict(out_levels=(3, )),
    bbox_head=dict(anchor_generator=dict(strides=[8])))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-5/HRSC2016',
        dataset='HRSC2016')
]
