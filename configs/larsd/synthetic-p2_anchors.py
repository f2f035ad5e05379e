# LARSD-9 (Table IV), synthetic harbour: P2, anchors, no LASA.
# All 15 shapes at every location of P2.
_base_ = './synthetic.py'

model = dict(
    neck=dict(out_levels=(2, )),
    bbox_head=dict(
        anchor_generator=dict(
            strides=[4],
            anchors=[[
                (18, 5), (6, 19), (22, 6), (7, 26), (28, 7),
                (8, 33), (35, 9), (9, 39), (45, 10), (10, 46),
                (58, 11), (12, 61), (73, 13), (15, 86), (96, 16)
            ]])),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-9/HRSC2016')
]
