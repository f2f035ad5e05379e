# TFA w/cos on the backbone, anchors and RoIs of gcn_fsod_mbv2.py.
_base_ = './tfa_small.py'

model = dict(
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        out_indices=(4, 7),
        frozen_stages=4,
        # With ImageNet's statistics AdamW lets the means run away, see LARSD's
        # page.
        norm_eval=False,
        init_cfg=dict(
            type='Pretrained', checkpoint='weights/mobilenet_v2.pth')),
    neck=dict(
        type='FusedMapsNeck', in_channels=[96, 1280], out_channels=128),
    rpn_head=dict(
        in_channels=128,
        feat_channels=128,
        anchor_generator=dict(scales=[2, 4, 8, 16], strides=[16])),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=128, featmap_strides=[16]),
        bbox_head=dict(in_channels=128, num_classes=12)))
