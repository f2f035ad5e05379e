# RoI Transformer with MobileNetV2, made small for a CPU.
_base_ = ['./roi_trans_r101.py', './mobilenet_v2.py']

bbox_roi_extractor = _base_.model.roi_head.bbox_roi_extractor
bbox_roi_extractor[0].update(out_channels=64)
bbox_roi_extractor[1].update(out_channels=64)
bbox_head = _base_.model.roi_head.bbox_head
bbox_head[0].update(in_channels=64, fc_out_channels=256)
bbox_head[1].update(in_channels=64, fc_out_channels=256)
rcnn = _base_.model.train_cfg.rcnn
rcnn[0].sampler.update(num=128)
rcnn[1].sampler.update(num=128)
# The values of RBboxOverlaps2D, bearable on a CPU.
rcnn[1].assigner.update(iou_calculator=dict(type='NearRBboxOverlaps2D'))

model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=64),
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        # From 16 instead of 32 pixels on.
        anchor_generator=dict(scales=[4])),
    roi_head=dict(
        bbox_roi_extractor=bbox_roi_extractor, bbox_head=bbox_head),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=128)),
        rpn_proposal=dict(nms_pre=500, max_per_img=300),
        rcnn=rcnn),
    test_cfg=dict(
        rpn=dict(nms_pre=500, max_per_img=300),
        rcnn=dict(nms=dict(iou_threshold=0.2), max_per_img=500)))
