# TFA w/cos on the backbone, anchors and RoIs of gcn_fsod_small.py.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50-caffe-c4.py'

norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)

model = dict(
    type='TFA',
    frozen_parameters=None,
    data_preprocessor=dict(pad_size_divisor=8),
    backbone=dict(
        depth=18,
        base_channels=24,
        strides=(1, 2, 1),
        frozen_stages=-1,
        norm_cfg=norm_cfg,
        norm_eval=False,
        style='pytorch',
        init_cfg=None),
    rpn_head=dict(
        in_channels=96,
        feat_channels=96,
        anchor_generator=dict(
            scales=[3, 4.5, 7], ratios=[0.5, 1.0, 2.0], strides=[8]),
        # As GCN-FSOD's.
        loss_bbox=dict(loss_weight=10.)),
    roi_head=dict(
        shared_head=None,
        bbox_roi_extractor=dict(
            type='BagRoIExtractor',
            roi_layer=dict(output_size=7, sampling_ratio=2),
            out_channels=96,
            featmap_strides=[8]),
        bbox_head=dict(
            _delete_=True,
            type='CosineSimBBoxHead',
            scale=20.,
            num_shared_fcs=2,
            in_channels=96,
            fc_out_channels=256,
            roi_feat_size=7,
            num_classes=16,
            bbox_coder=dict(
                type='DeltaXYWHBBoxCoder',
                target_means=[0., 0., 0., 0.],
                target_stds=[0.1, 0.1, 0.2, 0.2]),
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            loss_bbox=dict(type='L1Loss', loss_weight=1.0))),
    train_cfg=dict(
        rpn=dict(
            allowed_border=-1,
            assigner=dict(pos_iou_thr=0.5),
            sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=600, max_per_img=100),
        rcnn=dict(sampler=dict(num=64))),
    test_cfg=dict(rpn=dict(nms_pre=600, max_per_img=50)))
