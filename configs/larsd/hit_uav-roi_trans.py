# RoI Transformer, made small, on real vehicles: backbone, data, augmentation
# and schedule of hit_uav.py.
_base_ = [
    '../_base_/models/roi_trans_r101.py', '../_base_/models/mobilenet_v2.py',
    '../_base_/datasets/hit_uav_rotated.py',
    '../_base_/schedules/larsd_cpu_pretrained.py'
]

bbox_roi_extractor = _base_.model.roi_head.bbox_roi_extractor
bbox_roi_extractor[0].update(out_channels=64)
bbox_roi_extractor[1].update(out_channels=64)
bbox_head = _base_.model.roi_head.bbox_head
bbox_head[0].update(in_channels=64, fc_out_channels=256, num_classes=3)
bbox_head[1].update(in_channels=64, fc_out_channels=256, num_classes=3)
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

# As much CPU time as the 5,000 of hit_uav.py.
max_iters = 3000
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1].T_max = max_iters

custom_hooks = [
    *_base_.cpu_hooks,
    dict(type='mmdet.BenchmarkHook', dataset='HIT-UAV')
]
