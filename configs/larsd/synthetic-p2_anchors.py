# LARSD-9 (Table IV), synthetic harbour: P2, anchors, no LASA.
# All 15 shapes at every location of P2.
_base_ = './synthetic.py'

model = dict(
    neck=dict(out_levels=(2, )),
    bbox_head=dict(
        anchor_generator=dict(
            strides=[4],
            anchors=[[
                (38, 11), (12, 40), (45, 13), (13, 50), (52, 13),
                (15, 59), (56, 16), (64, 14), (16, 72), (73, 16),
                (17, 85), (89, 18), (19, 101), (120, 21), (22, 128)
            ]])),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-9/HRSC2016')
]
