# SSDLite with MobileNetV2 on its last map alone (stride 32), which is the only
# one that there is at a forecast step.
_base_ = './ssdlite.py'

norm_cfg = dict(type='BN', eps=0.001, momentum=0.03)
act_cfg = dict(type='ReLU6')
channels = (1280, 512, 256, 256, 128)
model = dict(
    backbone=dict(
        type='MobileNetV2',
        out_indices=(7, ),
        with_cp=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='open-mmlab://mmdet/mobilenet_v2')),
    neck=dict(
        in_channels=channels[:1],
        out_channels=channels,
        level_strides=(2, 2, 2, 2),
        level_paddings=(1, 1, 1, 1),
        norm_cfg=norm_cfg,
        act_cfg=act_cfg,
        init_cfg=dict(type='TruncNormal', layer='Conv2d', std=0.03)),
    bbox_head=dict(
        in_channels=channels,
        num_classes=30,
        norm_cfg=norm_cfg,
        act_cfg=act_cfg,
        init_cfg=dict(type='Normal', layer='Conv2d', std=0.001),
        anchor_generator=dict(
            strides=[32, 64, 107, 160, 320],
            ratios=[[2, 3]] * 5,
            min_sizes=[48, 100, 150, 202, 253],
            max_sizes=[100, 150, 202, 253, 304])),
    test_cfg=dict(max_per_img=200))
