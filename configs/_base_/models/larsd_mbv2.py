# LARSD-11 with MobileNetV2, small enough for a CPU. Anchors are those of the
# paper's model: take those of your data.
_base_ = ['./larsd_r101.py', './mobilenet_v2.py']

model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(
        in_channels=_base_.mobilenet_v2_channels,
        mid_channels=[32, 48, 96],
        out_channels=48,
        fuse_order='1x1-3x3',
        norm_cfg=dict(type='BN', momentum=0.02)),
    bbox_head=dict(
        in_channels=48,
        feat_channels=48,
        pos_balance='per_gt',
        # Else rare classes are lost among frequent ones, see the page.
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
        loss_bbox=dict(loss_weight=2.0)),
    # Not in the paper: the inner half of a box alone is positive, for what
    # its rim predicts is worse and as sure. LASA looks there too.
    train_cfg=dict(assigner=dict(shrink=0.5)),
    # Objects stand side by side: those at 0.1 lose some.
    test_cfg=dict(lasa=dict(extent=0.3), nms=dict(iou_threshold=0.2)))
