# Baseline (Table II) on HRSC2016: P2, no anchors, no LASA.
_base_ = './hrsc2016.py'

model = dict(
    neck=dict(out_levels=(2, )),
    bbox_head=dict(anchor_generator=dict(strides=[4], anchors=None)),
    train_cfg=dict(assigner=dict(match_shape=False)),
    test_cfg=dict(lasa=None))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table2/Baseline/HRSC2016',
        dataset='HRSC2016')
]
