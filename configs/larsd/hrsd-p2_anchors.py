# LARSD-9 (Table IV) on HRSD: P2, anchors, no LASA.
# All 15 shapes at every location of P2.
_base_ = './hrsd.py'

model = dict(
    neck=dict(out_levels=(2, )),
    bbox_head=dict(
        anchor_generator=dict(
            strides=[4],
            anchors=[[
                (3, 19), (20, 4), (5, 26), (34, 7), (7, 38),
                (50, 10), (11, 56), (71, 14), (18, 92), (101, 19),
                (27, 142), (153, 30), (39, 196), (253, 51), (61, 276)
            ]])),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-9/HRSD',
        dataset='HRSD')
]
