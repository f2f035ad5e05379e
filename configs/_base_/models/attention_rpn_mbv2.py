# Attention RPN on the backbone, anchors and RoIs of gcn_fsod_mbv2.py.
_base_ = './gcn_fsod_mbv2.py'

model = dict(
    type='AttentionRPNDetector',
    match_norm=None,
    rpn_head=dict(
        correspondence='global_kernel', decouple=False, support_feat='roi'),
    roi_head=dict(
        bbox_head=dict(
            _delete_=True,
            type='MultiRelationBBoxHead',
            in_channels=128,
            roi_feat_size=7,
            init_cfg=_base_.head_init,
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            loss_bbox=dict(type='L1Loss', loss_weight=1.0))))
