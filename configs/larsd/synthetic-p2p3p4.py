# LARSD-7 (Table III), synthetic harbour: P2-P4, no anchors, no LASA.
_base_ = './synthetic.py'

model = dict(
    bbox_head=dict(anchor_generator=dict(anchors=None)),
    # The squares of 8 * stride of P2 and P3, so that each level learns boxes
    # of one size in cells. The groups of kmeans_anchors.py, of equal count,
    # part these ships at 768 and 1302: P3 would get a sliver of sizes, and
    # 8 epochs gave less than half of the AP.
    train_cfg=dict(
        assigner=dict(match_shape=False, area_ranges=[1024, 4096])),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table3/LARSD-7/HRSC2016')
]
