# LARSD-11 on the synthetic harbour: half of a ResNet-18 from scratch at
# 384 x 384, small enough for a CPU. Make the data first:
#   python tools/make_synthetic.py harbour data/synthetic_harbour
_base_ = [
    '../_base_/models/larsd_r101.py',
    '../_base_/datasets/synthetic_harbour.py',
    '../_base_/schedules/larsd_cpu.py'
]

# Over 50 batches of 2 images instead of 10: means and variances of the last
# few batches alone cost 1 to 5 points of AP.
norm_cfg = dict(type='BN', momentum=0.02, requires_grad=True)
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        norm_cfg=norm_cfg,
        norm_eval=False,
        init_cfg=None),
    neck=dict(
        in_channels=[32, 64, 128, 256],
        mid_channels=[48, 64, 128],
        out_channels=64,
        norm_cfg=norm_cfg),
    bbox_head=dict(
        in_channels=64,
        feat_channels=64,
        pos_balance='per_gt',
        loss_bbox=dict(loss_weight=2.0),
        # Clusters of ships from 16 pixels on, see README.md.
        anchor_generator=dict(
            anchors=[[(8, 26), (27, 8), (9, 31), (37, 10), (10, 38)],
                     [(12, 47), (47, 12), (13, 56), (62, 13), (14, 66)],
                     [(80, 16), (16, 83), (100, 18), (20, 120), (132, 22)]])),
    # Chosen on the validation images; the paper's mode is 'replace'.
    test_cfg=dict(lasa=dict(mode='geomean'), nms=dict(iou_threshold=0.05)))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-11/HRSC2016')
]
