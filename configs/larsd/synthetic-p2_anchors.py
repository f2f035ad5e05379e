# LARSD-9 (Table IV), synthetic harbour: P2, anchors, no LASA.
# All 15 shapes at every location of P2.
_base_ = './synthetic.py'

model = dict(
    neck=dict(out_levels=(2, )),
    bbox_head=dict(
        anchor_generator=dict(
            strides=[4],
            anchors=[[
                (8, 26), (27, 8), (9, 31), (37, 10), (10, 38),
                (12, 47), (47, 12), (13, 56), (62, 13), (14, 66),
                (80, 16), (16, 83), (100, 18), (20, 120), (132, 22)
            ]])),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-9/HRSC2016')
]
