# The Attention RPN detector: one 1 x 1 kernel per class, multi-relation head.
_base_ = './gcn_fsod_r50_c4.py'

model = dict(
    type='AttentionRPNDetector',
    rpn_head=dict(
        correspondence='global_kernel', decouple=False, support_feat='roi'),
    roi_head=dict(
        bbox_head=dict(
            _delete_=True,
            type='MultiRelationBBoxHead',
            in_channels=2048,
            roi_feat_size=7,
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            loss_bbox=dict(type='L1Loss', loss_weight=1.0))))
