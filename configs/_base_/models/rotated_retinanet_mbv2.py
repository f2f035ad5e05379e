# mmrotate's rotated RetinaNet with MobileNetV2, made small for a CPU.
_base_ = ['./rotated_retinanet_r101.py', './mobilenet_v2.py']

model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=64),
    bbox_head=dict(
        in_channels=64,
        feat_channels=64,
        # From 16 instead of 32 pixels on.
        anchor_generator=dict(octave_base_scale=2),
        # Started as larsd_mbv2.py starts LARSDHead: from mmrotate's N(0, 0.01)
        # the subnets learn nothing in so few iterations.
        init_cfg=dict(
            type='Kaiming',
            layer='Conv2d',
            override=[
                dict(
                    type='Normal',
                    name='retina_cls',
                    std=0.01,
                    bias_prob=0.01),
                dict(type='Normal', name='retina_reg', std=0.01)
            ])),
    # The values of RBboxOverlaps2D, bearable on a CPU.
    train_cfg=dict(
        assigner=dict(iou_calculator=dict(type='NearRBboxOverlaps2D'))),
    test_cfg=dict(
        nms_pre=1000, nms=dict(iou_threshold=0.2), max_per_img=500))
