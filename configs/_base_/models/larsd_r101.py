# LARSD, https://arxiv.org/abs/2007.12326
model = dict(
    type='mmdet.SingleStageDetector',
    data_preprocessor=dict(
        type='mmdet.DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32,
        boxtype2tensor=False),
    backbone=dict(
        type='mmdet.ResNet',
        depth=101,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        frozen_stages=1,
        norm_cfg=dict(type='BN', requires_grad=True),
        norm_eval=True,
        style='pytorch',
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101')
    ),
    neck=dict(
        type='UNetNeck',
        in_channels=[256, 512, 1024, 2048],
        mid_channels=[128, 256, 512],
        out_channels=128,
        out_levels=(2, 3, 4)),
    bbox_head=dict(
        type='LARSDHead',
        num_classes=1,
        in_channels=128,
        feat_channels=128,
        stacked_convs=3,
        # (w, h) in pixels at 512 x 512 input. These stand in for HRSC2016
        # and HRSD: they are the clusters of ships 16 to 320 pixels long,
        # 3 to 7.5 times as long as wide, at any angle. Run
        # tools/analysis_tools/kmeans_anchors.py on your data.
        anchor_generator=dict(
            type='RotatedShapePriorGenerator',
            strides=[4, 8, 16],
            anchors=[[(3, 19), (20, 4), (5, 26), (34, 7), (7, 38)],
                     [(50, 10), (11, 56), (71, 14), (18, 92), (101, 19)],
                     [(27, 142), (153, 30), (39, 196), (253, 51), (61, 276)]
                     ]),
        bbox_coder=dict(type='RotatedDistanceCoder'),
        loss_cls=dict(
            type='mmdet.FocalLoss',
            use_sigmoid=True,
            gamma=2.0,
            alpha=0.25,
            loss_weight=1.0),
        loss_bbox=dict(type='UnitBoxIoULoss', loss_weight=1.0),
        loss_angle=dict(type='CosineAngleLoss', loss_weight=10.0),
        # Not in the paper. From the head's own N(0, 0.01) three convolutions
        # without normalisation let the signal fade: on the synthetic harbour
        # the angle loss went from 0.99 to 0.95 in 90 iterations of 8 images,
        # from here to 0.69 in 90 iterations of 4.
        init_cfg=dict(
            type='Kaiming',
            layer='Conv2d',
            override=[
                dict(type='Normal', name='conv_cls', std=0.01, bias_prob=0.01),
                dict(type='Normal', name='conv_reg', std=0.01)
            ])),
    train_cfg=dict(
        assigner=dict(
            type='SameCenterAssigner', pos_iou_thr=0.5, ignore_iou_thr=0.2)),
    test_cfg=dict(
        score_thr=0.05,
        nms_pre=1000,
        min_bbox_size=0,
        lasa=dict(
            type='LocalityAwareScoreAlign',
            pattern='diamond9',
            mode='replace'),
        nms=dict(type='nms_rotated', iou_threshold=0.1),
        max_per_img=500))
