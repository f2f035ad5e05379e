# LARSD-11 on real vehicles seen from a drone (not in the paper): MobileNetV2
# with ImageNet weights, small enough for a CPU.
_base_ = [
    '../_base_/models/larsd_r101.py', '../_base_/models/mobilenet_v2.py',
    '../_base_/datasets/hit_uav_rotated.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(
        in_channels=_base_.mobilenet_v2_channels,
        mid_channels=[32, 48, 96],
        out_channels=48,
        fuse_order='1x1-3x3',
        norm_cfg=dict(type='BN', momentum=0.02)),
    bbox_head=dict(
        num_classes=3,
        in_channels=48,
        feat_channels=48,
        pos_balance='per_gt',
        # Else other vehicles are lost among cars, see the page.
        loss_cls=dict(
            _delete_=True,
            type='ObjectnessClassLoss',
            use_sigmoid=True,
            loss_obj=dict(
                type='mmdet.FocalLoss',
                use_sigmoid=True,
                gamma=2.0,
                alpha=0.25,
                loss_weight=4.0),
            loss_weight=2.0),
        loss_bbox=dict(loss_weight=2.0),
        # python tools/analysis_tools/kmeans_anchors.py THIS --symmetric
        anchor_generator=dict(
            anchors=[[(14, 10), (9, 19), (21, 9), (13, 27), (27, 13)],
                     [(36, 17), (16, 38), (22, 30), (45, 24), (23, 46)],
                     [(61, 30), (32, 65), (80, 38), (45, 95), (106, 50)]])),
    # Not in the paper: the inner half of a box alone is positive, for what
    # its rim predicts is worse and as sure. LASA looks there too.
    train_cfg=dict(assigner=dict(shrink=0.5)),
    # Vehicles stand side by side: those at 0.1 lose some.
    test_cfg=dict(lasa=dict(extent=0.3), nms=dict(iou_threshold=0.2)))

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='HIT-UAV')
]
