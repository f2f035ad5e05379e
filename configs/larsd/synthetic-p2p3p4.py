# LARSD-7 (Table III), synthetic harbour: P2-P4, no anchors, no LASA.
_base_ = './synthetic.py'

model = dict(
    bbox_head=dict(anchor_generator=dict(anchors=None)),
    # areas that part the three groups of tools/analysis_tools/
    # kmeans_anchors.py
    train_cfg=dict(
        assigner=dict(match_shape=False, area_ranges=[768, 1302])),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-7/HRSC2016')
]
