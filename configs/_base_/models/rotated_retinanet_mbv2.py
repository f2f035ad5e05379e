# mmrotate's rotated RetinaNet with MobileNetV2, made small.
_base_ = ['./rotated_retinanet_cpu.py', './mobilenet_v2.py']

model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=64),
    bbox_head=dict(
        in_channels=64,
        feat_channels=64,
        # From 16 instead of 32 pixels on.
        anchor_generator=dict(octave_base_scale=2)),
    test_cfg=dict(
        nms_pre=1000, nms=dict(iou_threshold=0.2), max_per_img=500))
