# YOLOv5s (release 6), for ten classes at 640 x 640.
model = dict(
    type='SingleStageDetector',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[0., 0., 0.],
        std=[255., 255., 255.],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    backbone=dict(
        type='LCBDarknet',
        arch='v6',
        deepen_factor=0.33,
        widen_factor=0.5,
        downsample='conv',
        spp='sppf'),
    neck=dict(type='LCBPAFPN', in_channels=[128, 256, 512], csp='c3'),
    bbox_head=dict(
        type='YOLOv5Head',
        num_classes=10,
        in_channels=[128, 256, 512],
        # The COCO anchors at every input size: of the boxes of DIOR-VAS that
        # they could match they match 99.9 %.
        anchor_generator=dict(
            type='YOLOAnchorGenerator',
            strides=[8, 16, 32],
            base_sizes=[[(10, 13), (16, 30), (33, 23)],
                        [(30, 61), (62, 45), (59, 119)],
                        [(116, 90), (156, 198), (373, 326)]]),
        img_size=640,
        # A nominal batch of 64, whatever the real one, see the schedule.
        batch_scale=64.,
        # mmdet's CIoU counts the aspect ratio only from an IoU of 0.5 on,
        # YOLOv5's always.
        loss_bbox=dict(type='CIoULoss')),
    test_cfg=dict(
        score_thr=0.001,
        nms_pre=30000,
        nms=dict(type='nms', iou_threshold=0.6),
        # VisDrone's protocol counts as many; det/* takes the best 300.
        max_per_img=500))
