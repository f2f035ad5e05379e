# Lightweight Mask R-CNN of lesions: ResNet18 without its last stage (T1),
# one FPN level of stride 16, 30 anchors per cell. Research only, not a
# medical device. Other truncations change the depth, the truncation, the
# neck's in_channels and the three strides.
model = dict(
    type='MaskRCNN',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32),
    backbone=dict(
        type='TruncatedResNet',
        depth=18,
        truncation=1,
        # From scratch with batch statistics, as the released code trains.
        norm_eval=False,
        frozen_stages=-1,
        zero_init_residual=False),
    neck=dict(type='SingleLevelFPN', in_channels=256, out_channels=256),
    rpn_head=dict(
        type='RPNHead',
        in_channels=256,
        feat_channels=256,
        anchor_generator=dict(
            type='AnchorGenerator',
            strides=[16],
            # mmdet multiplies the scales by the stride without it.
            base_sizes=[1],
            scales=[2, 4, 8, 16, 32],
            ratios=[0.1, 0.25, 0.5, 1.0, 1.5, 2.0]),
        bbox_coder=dict(
            type='DeltaXYWHBBoxCoder',
            target_means=[0.0, 0.0, 0.0, 0.0],
            target_stds=[1.0, 1.0, 1.0, 1.0]),
        loss_cls=dict(
            type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1.0),
        loss_bbox=dict(type='L1Loss', loss_weight=1.0)),
    roi_head=dict(
        type='StandardRoIHead',
        bbox_roi_extractor=dict(
            type='BagRoIExtractor',
            roi_layer=dict(
                type='RoIAlign', output_size=7, sampling_ratio=2,
                aligned=False),
            out_channels=256,
            featmap_strides=[16]),
        bbox_head=dict(
            type='NonEmptyShared2FCBBoxHead',
            in_channels=256,
            fc_out_channels=128,
            roi_feat_size=7,
            num_classes=1,
            bbox_coder=dict(
                type='DeltaXYWHBBoxCoder',
                target_means=[0.0, 0.0, 0.0, 0.0],
                target_stds=[0.1, 0.1, 0.2, 0.2]),
            reg_class_agnostic=False,
            loss_cls=dict(type='CrossEntropyLoss', loss_weight=1.0),
            loss_bbox=dict(type='SmoothL1Loss', beta=1.0, loss_weight=1.0)),
        mask_roi_extractor=dict(
            type='BagRoIExtractor',
            roi_layer=dict(
                type='RoIAlign', output_size=14, sampling_ratio=2,
                aligned=False),
            out_channels=256,
            featmap_strides=[16]),
        mask_head=dict(
            type='FCNMaskHead',
            num_convs=1,
            in_channels=256,
            conv_out_channels=128,
            num_classes=1,
            loss_mask=dict(
                type='CrossEntropyLoss', use_mask=True, loss_weight=1.0))),
    train_cfg=dict(
        rpn=dict(
            assigner=dict(
                type='MaxIoUAssigner',
                pos_iou_thr=0.7,
                neg_iou_thr=0.3,
                # Anchors end at 32 pixels: no large lesion reaches the usual
                # 0.3. Zero would match anchors that do not touch it.
                min_pos_iou=1e-3,
                match_low_quality=True,
                ignore_iof_thr=-1),
            sampler=dict(
                type='RandomSampler',
                num=256,
                pos_fraction=0.75,
                neg_pos_ub=-1,
                add_gt_as_proposals=False),
            allowed_border=-1,
            pos_weight=-1,
            debug=False),
        rpn_proposal=dict(
            nms_pre=2000,
            max_per_img=2000,
            nms=dict(type='nms', iou_threshold=0.75),
            min_bbox_size=0),
        rcnn=dict(
            assigner=dict(
                type='MaxIoUAssigner',
                pos_iou_thr=0.75,
                neg_iou_thr=0.5,
                min_pos_iou=0.75,
                match_low_quality=False,
                ignore_iof_thr=-1),
            sampler=dict(
                type='RandomSampler',
                num=256,
                pos_fraction=0.75,
                neg_pos_ub=-1,
                add_gt_as_proposals=True),
            mask_size=28,
            pos_weight=-1,
            debug=False)),
    test_cfg=dict(
        rpn=dict(
            nms_pre=1000,
            max_per_img=1000,
            nms=dict(type='nms', iou_threshold=0.75),
            min_bbox_size=0),
        rcnn=dict(
            score_thr=0.75,
            nms=dict(type='nms', iou_threshold=0.75),
            max_per_img=128,
            # The released code cuts logits at 0.5, which is 0.6224593 here.
            mask_thr_binary=0.5)))
